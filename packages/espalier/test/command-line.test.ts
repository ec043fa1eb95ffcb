import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runMain } from './run-main.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

const lines = (text: string) => text.trimEnd().split('\n');

test('without arguments there is help, and exit code 2', async () => {
  const { code, out, err } = await runMain();
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(err).toMatch(
    /^Usage: espalier[\s\S]*train[\s\S]*Exit codes: 0 done, 1 not possible, 2 wrong usage, 130/,
  );
});

test('help goes to standard output, with examples, and exit code 0', async () => {
  const { code, out } = await runMain('train', '--help');
  expect(code).toBe(0);
  expect(out).toMatch(/--resume <folder>[\s\S]*Examples:\n {2}espalier train/);
});

test.each([
  [['trian'], "unknown command 'trian' (Did you mean train?). See: espalier --help"],
  [['train', '--seeed', '1'], "unknown option '--seeed' (Did you mean --seed?). See: espalier train --help"],
  [
    ['train', '--epochs', '0'],
    /^option '--epochs <n>' argument '0' is invalid\. Expected a whole number from 1\. See/,
  ],
  [['train', '--engine', 'abacus'], /Allowed choices are auto, native, webgpu, wasm, cpu\. See/],
  [['predict'], "missing required argument 'model'. See: espalier predict --help"],
  [['predict', 'a'], /^predict: no files are named\. Name files or folders, or - for a list/],
  [['predict', 'a', 'b', '--on-bad-example', 'weep'], /Allowed choices are throw, skip\. See/],
  [['serve'], "missing required argument 'model'. See: espalier serve --help"],
  [['serve', 'a', '--port', 'x'], /argument 'x' is invalid\. Expected a whole number from 0 to 65535\. See/],
  [
    ['serve', 'a', '--port', '65536'],
    /argument '65536' is invalid\. Expected a whole number from 0 to 65535\. See/,
  ],
  [['export', 'a', '--out', 'b'], /^required option '--format <name>' not specified/],
  [['doctor', 'a', 'b'], /^too many arguments for 'doctor'/],
  [['train', 'a.js', 'b.js'], /^too many arguments for 'train'/],
  [['train', '--out', 'a', '--resume', 'b'], /^--out and --resume contradict each other/],
  [
    ['train', '--resume', 'nowhere'],
    /^--resume nowhere: there is no run to go on with\. Begin one with --out nowhere$/,
  ],
  [
    ['train', '--resume', import.meta.filename],
    /^--resume .*: that is a file; expected the folder of a run\.$/,
  ],
])('%j is wrong usage: one line, exit code 2', async (args, message) => {
  const { code, err } = await runMain(...args);
  expect(code).toBe(2);
  expect(lines(err)).toHaveLength(1);
  expect(lines(err)[0]).toMatch(message);
});

describe('a file that is no experiment', () => {
  test.each<[string, string | Buffer | undefined, RegExp]>([
    ['missing.ts', undefined, /^There is no experiment \S*missing\.ts\. Name one/],
    [
      'weights.bin',
      '',
      /weights\.bin is no experiment: these are modules that end in \.js, \.mjs, \.ts, \.mts\.$/,
    ],
    ['empty.ts', '', /has no experiment as its default export\. End it with: export default/],
    ['binary.ts', Buffer.from([0, 1, 255, 254, 96, 7]), /binary\.ts cannot be loaded: /],
    ['broken.ts', 'export default { name: ;', /broken\.ts cannot be loaded: .*broken\.ts:1:23$/],
    [
      'throws.ts',
      '\nthrow new Error("no data");',
      /throws\.ts cannot be loaded: no data, at \S*throws\.ts:2$/,
    ],
    [
      'typo.ts',
      'const name: string = "a b"; export default { name, epoch: 3 };',
      /: name is not a name of .*; heads is missing .*; epochs is missing \(a whole number from 1\).*there is no field epoch\.$/,
    ],
  ])('%s is refused in one line, with exit code 1', async (name, content, message) => {
    const file = join(folder, name);
    if (content !== undefined) await writeFile(file, content);
    const { code, err } = await runMain('train', file);
    expect(code).toBe(1);
    expect(lines(err)).toHaveLength(1);
    expect(lines(err)[0]).toMatch(message);
  });

  test('one that is too large for a module is refused before it is read', async () => {
    const file = join(folder, 'huge.ts');
    await writeFile(file, '');
    await truncate(file, 3e9);
    const { code, err } = await runMain('train', file);
    expect(code).toBe(1);
    expect(err).toMatch(/^\S+huge\.ts has 3000000000 bytes, more than the \d+ of .* Name the one that holds/);
  });

  test('a folder, and a folder without the usual file', async () => {
    const asFile = await runMain('train', `${folder}/x.ts/..`);
    expect(asFile.code).toBe(1);
    const before = process.cwd();
    process.chdir(folder);
    try {
      const { code, err } = await runMain('train');
      expect(code).toBe(1);
      expect(err).toMatch(
        /^There is no experiment here: \S+ has none of espalier\.config\.ts, .*Name its file/,
      );
    } finally {
      process.chdir(before);
    }
  });
});
