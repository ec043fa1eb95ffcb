import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { codeOf } from '../src/code-of.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-code-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

test('the code of an experiment is its modules, however they are imported, and the packages by version', async () => {
  await write({
    'a.config.ts': `
      import { readFile } from 'node:fs/promises';
      import data from './data.js';
      import '@scope/package/sub';
      export * from "./lib";
      const late = await import('./late.mjs');
      import './gone.js';`,
    'data.ts': `import x from '../outside.js'; import missing from 'missing';`,
    'lib/index.ts': `import '../a.config.ts';`,
    'late.mjs': '',
    'unused.ts': '',
    'node_modules/@scope/package/package.json': '{ "version": "1.2.3" }',
  });
  const before = codeOf(join(folder, 'a.config.ts'));
  const { '@espalier/core': core, '@tensorflow/tfjs-core': tfjs, ...own } = before;
  expect([core, tfjs]).toEqual([
    expect.stringMatching(/^\d+\.\d+\.\d+/),
    expect.stringMatching(/^4\.\d+\.\d+/),
  ]);
  const names = Object.keys(own).filter((name) => !name.startsWith('@espalier/'));
  expect(names.toSorted()).toEqual(
    [
      ...['a.config.ts', 'data.ts', 'lib/index.ts', 'late.mjs', '@scope/package', 'missing'],
      '@tensorflow/tfjs-layers',
    ].toSorted(),
  );
  expect(own).toMatchObject({ '@scope/package': '1.2.3', missing: 'not installed' });

  await write({ 'lib/index.ts': 'changed', 'unused.ts': 'changed' });
  const after = codeOf(join(folder, 'a.config.ts'));
  expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual(['lib/index.ts']);
});
