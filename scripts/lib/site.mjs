/** The documentation site: the reference from the sources, and pages that people wrote. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from './run.mjs';
import { members, root, tool } from './workspace.mjs';

/** Writes docs/reference from what the packages export. */
export async function writeReference(onOutput) {
  const entries = members('packages').flatMap(({ manifest, path }) =>
    manifest.private
      ? []
      : Object.values(manifest.exports ?? {})
          .map((target) => join(path, target.default.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts')))
          .filter((file) => existsSync(file)),
  );
  await quietly(
    tool(
      'typedoc',
      ...['--plugin', 'typedoc-plugin-markdown', '--out', 'docs/reference', '--readme', 'none'],
      ...['--tsconfig', 'tsconfig.json', '--skipErrorChecking', '--excludeInternal', '--excludePrivate'],
      ...['--entryFileName', 'index', '--githubPages', 'false', '--hideBreadcrumbs', '--logLevel', 'Error'],
      ...['--name', 'Reference', '--disableSources', '--sanitizeComments'],
      ...entries,
    ),
    { cwd: root, onOutput },
  );
}

/** Builds docs/.vitepress/dist. A link that leads nowhere fails it. */
export async function buildSite(onOutput) {
  await writeReference(onOutput);
  await quietly(tool('vitepress', 'build', 'docs'), { cwd: root, onOutput });
}
