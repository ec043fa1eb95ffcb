/** The programs in READMEs and in docs/, checked against the sources. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from './run.mjs';
import { publicPackages, root, tool } from './workspace.mjs';

const programsIn = (text) => [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, program]) => program);

/** The pages that people wrote: the reference is made from the sources. */
const pages = () =>
  readdirSync(join(root, 'docs'), { recursive: true }).filter(
    (name) => name.endsWith('.md') && !name.startsWith('reference'),
  );

/** A package's README can use what the package depends on; the rest what the digits example does, which is all. */
const documents = () => [
  ...publicPackages().map(({ path }) => ({ file: join(path, 'README.md'), dependencies: path })),
  ...['README.md', ...pages().map((name) => join('docs', name))].map((name) => ({
    file: join(root, name),
    dependencies: join(root, 'examples/digits'),
  })),
];

/** Compiles every TypeScript block. Each is put where it finds what it depends on. */
export async function compileReadmes() {
  const folders = new Set();
  const files = [];
  for (const { file, dependencies } of documents()) {
    if (!existsSync(file)) continue;
    const folder = join(dependencies, 'node_modules/.readme');
    mkdirSync(folder, { recursive: true });
    folders.add(folder);
    for (const program of programsIn(readFileSync(file, 'utf8'))) {
      files.push(join(folder, `${files.length + 1}.ts`));
      writeFileSync(files.at(-1), program);
    }
  }
  const settings = join(root, 'node_modules/.readmes.tsconfig.json');
  writeFileSync(
    settings,
    JSON.stringify({ extends: '../tsconfig.json', include: ['../packages/*/src/**/*.d.ts'], files }),
  );
  try {
    await quietly(tool('tsc', '--noEmit', '--project', settings));
  } finally {
    for (const path of [settings, ...folders]) rmSync(path, { recursive: true });
  }
}
