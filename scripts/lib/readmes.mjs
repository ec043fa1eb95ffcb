/** The programs in the packages' READMEs, checked against the sources. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from './run.mjs';
import { publicPackages, root, tool } from './workspace.mjs';

const programsIn = (text) => [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, program]) => program);

/** Compiles every TypeScript block. Each is put where it finds what its package depends on. */
export async function compileReadmes() {
  const folders = [];
  const files = [];
  for (const { path } of publicPackages()) {
    const readme = join(path, 'README.md');
    if (!existsSync(readme)) continue;
    const folder = join(path, 'node_modules/.readme');
    mkdirSync(folder, { recursive: true });
    folders.push(folder);
    for (const [index, program] of programsIn(readFileSync(readme, 'utf8')).entries()) {
      const file = join(folder, `${index + 1}.ts`);
      writeFileSync(file, program);
      files.push(file);
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
