/** Text as it can stand in HTML, in attributes too. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/**
 * A page that needs nothing beside it, in the look of reports.
 *
 * @param body HTML; whoever makes it escapes what is not theirs.
 * @param parts CSS besides, and scripts.
 */
export function htmlPage(
  title: string,
  body: string,
  { style = '', scripts = '' }: { readonly style?: string; readonly scripts?: string } = {},
): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}${STYLE}</style>
<main>
${body}
</main>
${scripts}</html>
`;
}

const STYLE = `
:root { font: 16px/1.5 system-ui, sans-serif; color: #1c2a1f; background: #fbfaf6; }
main { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .35rem .9rem; text-align: right; border-bottom: 1px solid #d8d5c8; font-variant-numeric: tabular-nums; }
th:first-child { text-align: left; } thead th { color: #5b6b5e; font-weight: 500; }
`;
