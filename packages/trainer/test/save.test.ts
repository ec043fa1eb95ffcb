import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { multiTaskModel, SafetensorsError } from '@espalier/core';
import { sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import {
  adamW,
  constant,
  decodeSafetensors,
  encodeSafetensors,
  fit,
  mapData,
  NonFiniteLossError,
} from '@espalier/trainer';
import { FileError, load, save } from '@espalier/trainer/node';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compose, heads, points } from './small-task.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-save-'));
});
afterAll(() => rm(folder, { recursive: true }));

const models = [compose(1), compose(2)];
afterAll(() => {
  for (const model of models) model.dispose();
});

test('what was saved is what is loaded, and gives equal predictions', async () => {
  const [model, other] = models;
  const file = join(folder, 'model.safetensors');
  await save(model, file);
  await load(other, file);
  expect([...(await other.exportWeights()).weights]).toEqual([...(await model.exportWeights()).weights]);
  const inputs = model.stack([points(1, 1).at(0).input]);
  expect(await other.predict(inputs)).toEqual(await model.predict(inputs));
  tf.dispose(inputs);
  expect(await readdir(folder)).toEqual(['model.safetensors']);
});

test('a file that is cut off anywhere, or has one byte changed, is refused and changes nothing', async () => {
  const model = models[0];
  const bytes = await encodeSafetensors(await model.exportWeights());
  const before = [...(await model.exportWeights()).weights];
  const file = join(folder, 'broken.safetensors');
  await fc.assert(
    fc.asyncProperty(
      fc.nat(bytes.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      async (at, change, cut) => {
        const broken = cut ? bytes.slice(0, at) : bytes.slice();
        if (!cut) broken[at] ^= change;
        await writeFile(file, broken);
        await expect(load(model, file)).rejects.toThrow(FileError);
      },
    ),
    { numRuns: 300 },
  );
  expect([...(await model.exportWeights()).weights]).toEqual(before);
});

test('what is wrong is said', async () => {
  const model = models[0];
  const file = join(folder, 'wrong.safetensors');
  const bytes = await encodeSafetensors(await model.exportWeights());
  await writeFile(file, bytes.slice(0, bytes.length - 4));
  await expect(load(model, file)).rejects.toThrow(
    /wrong\.safetensors: is no whole file of weights.*bytes of values; its header says/,
  );
  await writeFile(file, '');
  await expect(load(model, file)).rejects.toThrow(/holds 0 bytes/);
  await expect(load(model, join(folder, 'nowhere'))).rejects.toThrow(/nowhere: cannot be read: ENOENT/);
  await expect(save(model, join(folder, 'no/such/folder'))).rejects.toThrow(FileError);
});

test('a file of another architecture is refused by what differs', async () => {
  const trunk = () => [tfl.layers.dense({ units: 8 })];
  const small = multiTaskModel({
    inputShape: [2],
    trunk,
    sharing: hardSharing(),
    heads: { side: heads.side },
    seed: 1,
  });
  const file = join(folder, 'small.safetensors');
  await save(small, file);
  small.dispose();
  await expect(load(models[0], file)).rejects.toThrow(FileError);
  await expect(load(models[0], file)).rejects.toThrow(
    /head of task "distance" is missing there and regression here; weight stage0\/kernel is \[2, 8\] there and \[2, 16\] here/,
  );
});

test('training that meets a loss that is not finite leaves the last good checkpoint', async () => {
  const model = compose(3);
  const file = join(folder, 'checkpoint.safetensors');
  let step = 0;
  const data = mapData(points(32, 1), ({ input, labels }) => ({
    input,
    labels: { ...labels, distance: step >= 5 ? Number.POSITIVE_INFINITY : labels.distance },
  }));
  let good: unknown;
  const training = fit(model, {
    data,
    epochs: 4,
    batchSize: 16,
    optimizer: adamW(),
    schedule: constant(0.1),
    weighting: sum(),
    seed: 1,
    onStep: (record) => {
      step = record.step;
    },
    async onEpoch() {
      await save(model, file);
      good = [...(await model.exportWeights()).weights];
    },
  });
  await expect(training).rejects.toThrow(NonFiniteLossError);
  const other = compose(4);
  await load(other, file);
  expect([...(await other.exportWeights()).weights]).toEqual(good);
  for (const own of [model, other]) own.dispose();
});

test('the file is what other readers of safetensors expect', async () => {
  const file = join(folder, 'standard.safetensors');
  await save(models[0], file);
  const bytes = await readFile(file);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length));
  expect(header['stage0/kernel']).toMatchObject({ dtype: 'F32', shape: [2, 16] });
  expect(Object.values(header.__metadata__).every((value) => typeof value === 'string')).toBe(true);
  const [start] = header['stage0/kernel'].data_offsets;
  const first = bytes.readFloatLE(8 + length + start);
  expect(first).toBe((await models[0].exportWeights()).weights.get('stage0/kernel')!.values[0]);
});

test('a foreign safetensors file is refused', async () => {
  const header = new TextEncoder().encode('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}');
  const bytes = new Uint8Array(8 + header.length + 4);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  await expect(decodeSafetensors(bytes)).rejects.toThrow(SafetensorsError);
});
