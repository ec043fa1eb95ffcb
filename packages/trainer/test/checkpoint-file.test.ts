import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@espalier/core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Checkpoint } from '../src/checkpoints/checkpoint.js';
import { readCheckpoint, writeCheckpoint } from '../src/checkpoints/checkpoint-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-checkpoint-file-'));
});
afterAll(() => rm(folder, { recursive: true }));

const state = {
  architecture: { inputShape: [2], heads: {} },
  weighting: 'sum',
  aggregator: 'none',
  combination: {},
  step: 3,
  seed: 1,
  sampling: { sampler: 'shuffled' },
  stopped: false,
} as unknown as Omit<Checkpoint, 'tensors'>;

/** Tensors with a million values and more, and none at all, beside small ones: pieces end anywhere in them. */
const shapes = [[], [3], [1 << 20], [0, 4], [7, 5], [3, (1 << 20) - 5], [], [1]];

const tensorsOf = (values: readonly Float32Array[]) =>
  new Map(shapes.map((shape, index) => [`weights/${index}`, { shape, values: values[index] }]));

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  Buffer.from(buffer, byteOffset, byteLength);

test('tensors of any size are written in pieces, and read as they were', async () => {
  const random = seededRandom(1);
  const values = shapes.map((shape) =>
    Float32Array.from({ length: shape.reduce((product, length) => product * length, 1) }, random),
  );
  const asked = values.map((own) => vi.spyOn(own, 'subarray'));
  const file = join(folder, 'step-3.safetensors');
  await writeCheckpoint(file, { ...state, tensors: tensorsOf(values) });

  const { tensors, ...rest } = await readCheckpoint(file);
  expect(rest).toEqual(state);
  expect([...tensors.keys()]).toEqual(shapes.map((_, index) => `weights/${index}`));
  for (const [index, { shape, values: found }] of [...tensors.values()].entries()) {
    expect(shape).toEqual(shapes[index]);
    // Millions of values take minutes to compare one by one.
    expect(Buffer.compare(bytesOf(found), bytesOf(values[index]))).toBe(0);
  }
  // Between two pieces steps may run, so none is large.
  const sizes = asked.flatMap(({ mock }) => mock.calls.map(([start = 0, end = 0]) => end - start));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1 << 20);
});
