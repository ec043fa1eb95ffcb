import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runMain } from './run-main.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-train-'));
});
afterEach(() => rm(folder, { recursive: true }));

const experiment = fileURLToPath(new URL('points.config.mjs', import.meta.url));
const read = (name: string) => readFile(join(folder, name), 'utf8');

test('trains, keeps what it did, and goes on', async () => {
  const out = join(folder, 'run');
  const first = await runMain(
    ...['train', experiment, '--engine', 'cpu', '--out', out, '--checkpoint', '2'],
    ...['--json', join(folder, 'first.json')],
  );
  expect(first.err).toContain('Engine: cpu\n');
  expect(first.code).toBe(0);
  expect(first.out).toContain('"side: accuracy ↑":{"validation":');
  const figures = JSON.parse(await read('first.json'));
  expect(figures).toMatchObject({ experiment: 'points', engine: 'cpu', epochs: 2, seed: 1, steps: 6 });
  expect(Object.keys(figures.test)).toEqual(['side', 'ring']);
  expect(await readdir(out)).toEqual(
    expect.arrayContaining(['best.safetensors', 'metrics.jsonl', 'model.safetensors', 'step-6.safetensors']),
  );

  const weights = await readFile(join(out, 'model.safetensors'));
  const metrics = await read('run/metrics.jsonl');
  await rm(join(out, 'step-6.safetensors'));
  await rm(join(out, 'model.safetensors'));
  const second = await runMain('train', '--resume', out, '--json', join(folder, 'second.json'));
  expect(second.code).toBe(0);
  expect(await readFile(join(out, 'model.safetensors'))).toEqual(weights);
  expect(await read('run/metrics.jsonl')).toBe(metrics);
  const { seconds: _, ...again } = JSON.parse(await read('second.json'));
  expect(figures).toMatchObject(again);

  const same = await runMain('train', experiment, '--engine', 'cpu', '--out', out);
  expect(same).toMatchObject({
    code: 2,
    err: expect.stringContaining('holds a run already. Go on with --resume'),
  });
  const other = await runMain('train', '--resume', out, '--seed', '3');
  expect(other).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^--seed is 3, but .* was begun with 1/),
  });
});

test('a place that cannot be written is one line and exit code 1', async () => {
  const { code, err } = await runMain('train', experiment, '--engine', 'cpu', '--out', '/dev/null/run');
  expect(code).toBe(1);
  expect(err.trimEnd().split('\n').at(-1)).toMatch(
    /^\/dev\/null\/run\/options\.json cannot be written: .*Name another place/,
  );
});
