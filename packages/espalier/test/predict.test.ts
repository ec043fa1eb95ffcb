import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { save } from '@espalier/trainer/node';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { listsOfNumbers } from '../src/json.js';
import { predictEach } from '../src/predict-each.js';
import pictures, { pixels, png } from './pictures.js';
import { runMain } from './run-main.js';

const experiment = fileURLToPath(new URL('pictures.config.mjs', import.meta.url));
let folder: string;
let weights: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-predict-'));
  weights = join(folder, 'own.safetensors');
  const model = compose();
  await save(model, weights);
  model.dispose();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const compose = () => pictures.compose(pictures.heads, { sharing: pictures.sharing, seed: 1 });

const run = (...args: string[]) =>
  runMain('predict', weights, ...args, '--experiment', experiment, '--engine', tf.getBackend());

async function write(name: string, content: Uint8Array | string): Promise<string> {
  const file = join(folder, name);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, content);
  return file;
}

const parse = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

async function expectedFor(...seeds: number[]) {
  const model = compose();
  const predicted = await predictEach(model, seeds.map(pixels));
  model.dispose();
  return JSON.parse(JSON.stringify(predicted, listsOfNumbers));
}

describe('predict', () => {
  test('says of every file, in order, what the model says', async () => {
    const files = await Promise.all(
      [1, 2, 3].map(async (seed) => write(`${seed}.png`, await png(pixels(seed)))),
    );
    const tensors = tf.memory().numTensors;
    const { code, out, err } = await run(...files);
    expect(err).toMatch(/3 of 3 files predicted\n$/);
    expect(code).toBe(0);
    const predictions = await expectedFor(1, 2, 3);
    expect(parse(out)).toEqual(files.map((file, index) => ({ file, predictions: predictions[index] })));
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('takes folders and lists, in batches of any size, and draws', async () => {
    await write('all/b.png', await png(pixels(2)));
    await write('all/a/1.png', await png(pixels(1)));
    await write('all/.hidden', 'no picture');
    await write('other/b.png', await png(pixels(3)));
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(
      Readable.from([`${join(folder, 'other')}\n\n`]) as typeof process.stdin,
    );
    const [drawn, out] = [join(folder, 'drawn'), join(folder, 'out.jsonl')];
    const { code } = await run(
      ...[join(folder, 'all'), '-', '--batch-size', '2', '--pictures', drawn, '--out', out],
    );
    expect(code).toBe(0);
    const lines = parse(await readFile(out, 'utf8'));
    expect(lines.map(({ file }) => file)).toEqual(
      ['all/a/1.png', 'all/b.png', 'other/b.png'].map((name) => join(folder, name)),
    );
    expect((await readdir(drawn)).sort()).toEqual(['1.png', 'b-2.png', 'b.png']);
    // A panel a task.
    expect(await sharp(join(drawn, 'b.png')).metadata()).toMatchObject({
      format: 'png',
      width: 1024,
      height: 512,
    });
  });

  test('takes colours, transparency and other sizes', async () => {
    const file = join(folder, 'photo.webp');
    await sharp({ create: { width: 40, height: 20, channels: 4, background: '#8c08' } })
      .webp()
      .toFile(file);
    expect(await run(file)).toMatchObject({ code: 0, err: expect.stringContaining('1 of 1 files') });
  });

  test('takes the run that train left', async () => {
    const runFolder = join(folder, 'run');
    await runMain('train', experiment, '--engine', tf.getBackend(), '--out', runFolder);
    const file = await write('a.png', await png(pixels(1)));
    const { code, out } = await runMain('predict', runFolder, file, '--engine', tf.getBackend());
    expect(code).toBe(0);
    expect(parse(out)).toHaveLength(1);
    await rm(join(runFolder, 'model.safetensors'));
    expect(await runMain('predict', runFolder, file)).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /is not finished.*espalier train --resume \S+, or name \S+best\.safetensors\n$/,
      ),
    });
  });
});

describe('files that cannot be read', () => {
  const bad: [name: string, content: Uint8Array | string | undefined][] = [
    ['missing.png', undefined],
    ['empty.png', ''],
    ['text.png', 'no picture'],
    ['binary.png', Uint8Array.of(0, 255, 1, 254)],
  ];

  test.each(bad)('%s ends it, by name', async (name, content) => {
    const file = content === undefined ? join(folder, name) : await write(name, content);
    const good = await write('good.png', await png(pixels(1)));
    const out = join(folder, 'out.jsonl');
    const { code, err } = await run(good, file, '--out', out);
    expect(code).toBe(1);
    expect(err.trimEnd().split('\n').at(-1)).toMatch(
      new RegExp(`^\\S+${name} cannot be read: .*leave such files out with --on-bad-example skip$`),
    );
    expect((await readdir(folder)).filter((one) => one.startsWith('out'))).toEqual([]);
  });

  test('are left out, counted and named, where that is asked for', async () => {
    const files = bad.map(([name]) => join(folder, name));
    for (const [name, content] of bad) if (content !== undefined) await write(name, content);
    const good = await write('good.png', await png(pixels(1)));
    const { code, out, err } = await run(...files, good, '--on-bad-example', 'skip');
    expect(code).toBe(0);
    expect(parse(out).map(({ file }) => file)).toEqual([good]);
    expect(err.trimEnd().split('\n').at(-1)).toBe(`1 of 5 files predicted, 4 left out: ${files.join(', ')}`);
    expect(await run(...files, '--on-bad-example', 'skip')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/None of 4 files can be read/),
    });
  });
});

describe('models that are none', () => {
  test.each<[string, string | Uint8Array | undefined, RegExp]>([
    ['nowhere', undefined, /^There is no \S+nowhere\. Name the folder of a run/],
    ['empty.safetensors', '', /is no whole file of weights\. It holds 0 bytes.* Name the folder of a run/],
    ['binary.safetensors', Uint8Array.from({ length: 64 }, (_, i) => i * 37), /is no whole file of weights/],
    ['folder/x', 'x', /x: is no whole file/],
  ])('%s, with its experiment or without', async (name, content, says) => {
    const file = content === undefined ? join(folder, name) : await write(name, content);
    for (const more of [[], ['--experiment', experiment]]) {
      const { code, err } = await runMain('predict', file, 'a.png', ...more);
      expect(code).toBe(1);
      expect(err).toMatch(/^.*\n$/);
      expect(err).toMatch(says);
    }
  });

  test('a file that is too large to be read at once', async () => {
    const file = await write('huge.safetensors', '');
    await truncate(file, 3e9);
    expect(await runMain('predict', file, 'a.png')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^\S+huge\.safetensors: cannot be read: .*\. Name the folder of a run.*\n$/),
    });
  });

  test('a folder that is no run, and weights of another network', async () => {
    await mkdir(join(folder, 'none'));
    expect(await runMain('predict', join(folder, 'none'), 'a.png')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/is no run: it has no model\.safetensors/),
    });
    const points = fileURLToPath(new URL('points.config.mjs', import.meta.url));
    const { code, err } = await runMain(
      'predict',
      weights,
      'a.png',
      '--experiment',
      points,
      '--engine',
      'cpu',
    );
    expect(code).toBe(1);
    expect(err).toMatch(/These weights belong to another model: input shape is/);
  });
});

test('a network of no pictures needs a read', async () => {
  const runFolder = join(folder, 'points');
  const points = fileURLToPath(new URL('points.config.mjs', import.meta.url));
  await runMain('train', points, '--engine', 'cpu', '--out', runFolder);
  expect(await runMain('predict', runFolder, weights)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/does not say what a file is to its network.*Give the experiment a read/),
  });
});
