import { randomBytes } from 'node:crypto';
import { escapeHtml } from '../html.js';
import { plotLibrary } from '../plot-library.js';
import { PAGE_SCRIPT } from './page-script.js';

/** The page, and what it may do: run its own scripts, and ask the server that it came from. */
export async function dashboardPage(
  title: string,
): Promise<{ readonly html: string; readonly policy: string }> {
  const { script, style } = await plotLibrary();
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    "style-src 'unsafe-inline'",
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${style}${STYLE}</style>
<header><h1>${escapeHtml(title)}</h1><p id="connection" role="status">connecting</p></header>
<main>
<section><h2>Trainings</h2><table id="runs"><thead><tr><th>network</th><th>epoch</th><th>step</th><th>progress</th><th>steps a second</th></tr></thead><tbody></tbody></table></section>
<section><h2>Losses</h2><div class="charts" id="losses"></div></section>
<section hidden><h2>Metrics on held-out examples</h2><div class="charts" id="metrics"></div></section>
<section><h2>Task weights</h2><div class="charts" id="weights"></div></section>
<section><h2>Conflicts between gradients</h2><p class="note">The cosine of the angle between the gradients of two tasks on the shared weights, as a mean over the last steps: −1 they pull against each other, 0 they do not mind, 1 they agree.</p><div class="charts" id="conflicts"><p class="note">No training here looks at the tasks' gradients: an aggregator does, such as upGrad.</p></div></section>
<section><h2>Steps a second</h2><div class="charts" id="rate"></div></section>
<section hidden><h2>Example predictions</h2><div id="examples"></div></section>
</main>
<script nonce="${nonce}">${script}</script>
<script nonce="${nonce}">${PAGE_SCRIPT}</script>
</html>
`;
  return { html, policy };
}

const STYLE = `
:root { font: 15px/1.5 system-ui, sans-serif; color: #1c2a1f; background: #fbfaf6; }
body { margin: 0; } header, main { max-width: 86rem; margin: 0 auto; padding: 0 1.2rem; }
header { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; border-bottom: 1px solid #d8d5c8; }
h1 { font-size: 1.4rem; margin: .8rem 0; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; } h3 { font-size: .9rem; margin: 0 0 .2rem; }
#connection::before { content: '● '; color: #8a8f98; } #connection.live::before { color: #2f7d4f; } #connection.lost::before { color: #a3271d; }
table { border-collapse: collapse; } th, td { padding: .2rem .8rem; text-align: right; font-variant-numeric: tabular-nums; }
th:first-child { text-align: left; } thead th { color: #5b6b5e; font-weight: 500; } progress { width: 10rem; accent-color: #2f7d4f; }
.charts { display: flex; flex-wrap: wrap; gap: 1.2rem; } .note { color: #5b6b5e; margin: 0 0 .5rem; max-width: 60rem; }
.heat td, .heat th { border: 1px solid #fbfaf6; text-align: center; min-width: 4rem; } .heat th { font-weight: 500; }
`;
