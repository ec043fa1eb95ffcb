import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { disposeBatch, multiTaskModel } from '@espalier/core';
import { hardSharing } from '@espalier/sharing';
import { afterAll, describe, expect, test } from 'vitest';
import { domains, kinds } from '../src/choices.js';
import { createHead } from '../src/create.js';
import { namesOf } from '../src/names.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** In the package, so that what the new heads import is found. */
const generated = fileURLToPath(new URL('../generated', import.meta.url));
rmSync(generated, { recursive: true, force: true });
const combinations = domains.flatMap((domain) => kinds.map((kind) => ({ domain, kind })));
for (const { domain, kind } of combinations) {
  createHead({ folder: join(generated, `${domain}-${kind}`), domain, kind });
}

const outside = mkdtempSync(join(tmpdir(), 'espalier-create-head-'));
afterAll(() => {
  rmSync(outside, { recursive: true });
  rmSync(generated, { recursive: true });
});

test('every combination compiles: head, test and demo', () => {
  const settings = join(generated, 'tsconfig.json');
  writeFileSync(
    settings,
    JSON.stringify({
      extends: '../../../tsconfig.json',

      include: ['../../*/src/**/*.d.ts', '.'],
    }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout, status } = spawnSync(process.execPath, [tsc, '--project', settings], { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
}, 120_000);

describe.each(kinds)('the tests of a new head: %s', async (kind) => {
  await import(join(generated, `vision-${kind}`, 'test', `vision-${kind}.test.ts`));
});

test.each(combinations)(
  'the demo of $domain, $kind has data that its head learns from',
  async ({ domain, kind }) => {
    const task = await import(join(generated, `${domain}-${kind}`, 'demo/task.ts'));
    const model = multiTaskModel({
      inputShape: task.inputShape,
      trunk: task.trunk,
      sharing: hardSharing(),
      heads: { task: task.head },
      seed: 1,
    });
    try {
      const examples = [0, 1, task.train.length - 1].map((index) => task.train.at(index));
      const batch = model.batch(examples);
      const { task: loss } = model.losses(batch, { training: false });
      expect(loss?.dataSync()[0]).toBeGreaterThan(0);
      const { task: predictions } = await model.predict(batch.inputs);
      expect(task.describe(examples[0].labels.task, predictions[0])).toMatch(/./);
      loss?.dispose();
      disposeBatch(batch);
    } finally {
      model.dispose();
    }
  },
);

test('a package is what npm and other people need', () => {
  const folder = join(generated, 'sound-dense');
  expect(readdirSync(folder).sort()).toEqual(
    [
      '.gitignore',
      'LICENSE',
      'README.md',
      'demo',
      'package.json',
      'src',
      'test',
      'tsconfig.build.json',
      'tsconfig.json',
    ].sort(),
  );
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  expect(manifest).toMatchObject({ name: 'sound-dense', license: 'Apache-2.0' });
  expect(manifest.keywords).toContain('espalier-head');
  expect(Object.keys(manifest.peerDependencies)).toContain('@espalier/core');
  expect(Object.values({ ...manifest.peerDependencies, ...manifest.devDependencies })).not.toContain(
    undefined,
  );
  const readme = readFileSync(join(folder, 'README.md'), 'utf8');
  expect(readme).toContain("import { soundDense } from 'sound-dense'");
  expect(readme).not.toMatch(/\{\{|example-head|exampleHead|undefined/);
});

test.each([
  ['my-head', { package: 'my-head', factory: 'myHead', type: 'MyHead' }],
  ['a.b_c', { package: 'a.b_c', factory: 'aBC', type: 'ABC' }],
  ['new', { package: 'new', factory: 'newHead', type: 'NewHead' }],
])('the folder %s names the parts', (folder, names) => {
  expect(namesOf(folder)).toEqual(names);
});

test.each(['My-Head', 'my head', 'node_modules', '.hidden', '7up', 'fs', 'x'.repeat(215)])(
  'the folder %s is refused, with a reason',
  (folder) => {
    expect(() => namesOf(folder)).toThrow(/Give a/);
  },
);

test('a folder that is not empty stays as it is, and nothing is left beside it', () => {
  const folder = join(outside, 'taken');
  mkdirSync(folder);
  writeFileSync(join(folder, 'mine.txt'), 'mine');
  expect(() => createHead({ folder, domain: 'text', kind: 'dense' })).toThrow(
    /taken is not empty: it has mine.txt/,
  );
  expect(readdirSync(outside)).toEqual(['taken']);
  expect(readdirSync(folder)).toEqual(['mine.txt']);
});

test('when the writing breaks off, there is no half package', () => {
  const folder = join(outside, 'half');
  expect(() => createHead({ folder, domain: 'text', kind: 'dense' }, join(outside, 'no-tarballs'))).toThrow(
    /no-tarballs has no .tgz file/,
  );
  expect(existsSync(folder)).toBe(false);
  expect(readdirSync(outside).filter((name) => name.startsWith('half'))).toEqual([]);
});

test('an empty folder is filled', () => {
  const folder = join(outside, 'empty');
  mkdirSync(folder);
  createHead({ folder, domain: 'sound', kind: 'sequence' });
  expect(existsSync(join(folder, 'src/empty.ts'))).toBe(true);
});

describe('on the command line', () => {
  const cli = (...args: string[]) => {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const program = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
    return spawnSync(process.execPath, ['--import', 'tsx', program, ...args], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
      env,
    });
  };

  test.each([
    [[], /no terminal to ask on/],
    [['--yes'], /give the folder/],
    [['x', '--colour'], /Unknown option '--colour'/],
    [['a-head', 'b-head', '--yes'], /2 folders \(a-head, b-head\)/],
    [
      ['a-head', '--yes', '--kind', 'regression'],
      /--kind is "regression"; expected one of classification, dense/,
    ],
  ])('%j is refused in one line, with exit code 2', (args, message) => {
    const { status, stderr } = cli(...args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^.*\. See: create-espalier-head --help\n$/);
    expect(status).toBe(2);
  });

  test('what cannot be made is said in one line, with exit code 1', () => {
    const { status, stderr } = cli('src', '--yes');
    expect(stderr).toMatch(/^\/.*src is not empty.*nothing was written\.\n$/);
    expect(status).toBe(1);
  });

  test.each([
    [[join(outside, 'file.txt/my-head'), '--yes'], /my-head cannot be made: .*\. Give another folder\.\n$/],
    [
      [join(outside, 'other'), '--yes', '--tarballs', join(outside, 'file.txt')],
      /file\.txt has no \.tgz file; expected those that `pnpm pack` writes\.\n$/,
    ],
  ])('%j meets a file for a folder: one line, exit code 1', (args, message) => {
    writeFileSync(join(outside, 'file.txt'), '');
    const { status, stderr } = cli(...args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^.*\n$/);
    expect(status).toBe(1);
  });

  test('what was made is said, and what comes next', () => {
    const { status, stdout } = cli(join(outside, 'my-head'), '--yes', '--domain', 'sound');
    expect(status).toBe(0);
    expect(stdout).toMatch(/my-head\. Next:[\s\S]*npm test/);
    expect(readFileSync(join(outside, 'my-head/src/my-head.ts'), 'utf8')).toContain('export function myHead');
  });
});
