/** The documentation site: the reference from the sources, and pages that people wrote. */
import { quietly } from './run.mjs';
import { publicSources, root, tool } from './workspace.mjs';

/** Writes docs/reference from what the packages export. */
export async function writeReference(onOutput) {
  await quietly(
    tool(
      'typedoc',
      ...['--plugin', 'typedoc-plugin-markdown', '--out', 'docs/reference', '--readme', 'none'],
      ...['--tsconfig', 'tsconfig.json', '--skipErrorChecking', '--excludeInternal', '--excludePrivate'],
      ...['--entryFileName', 'index', '--githubPages', 'false', '--hideBreadcrumbs', '--logLevel', 'Error'],
      ...['--name', 'Reference', '--disableSources', '--sanitizeComments'],
      ...publicSources(),
    ),
    { cwd: root, onOutput },
  );
}

/** Builds docs/.vitepress/dist. A link that leads nowhere fails it. */
export async function buildSite(onOutput) {
  await writeReference(onOutput);
  await quietly(tool('vitepress', 'build', 'docs'), { cwd: root, onOutput });
}
