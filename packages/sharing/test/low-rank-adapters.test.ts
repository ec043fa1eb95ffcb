import { hardSharing, lowRankAdapters, SharingError } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { type Matrix, times } from './by-hand.js';
import {
  bareModel,
  difference,
  drawWeights,
  examples,
  outputs,
  own,
  reachedLayers,
  rebuilt,
  setWeights,
  testConformance,
  weightsOf,
} from './models.js';
import { denseTrunk, modelTrunk, trunks } from './trunks.js';

testConformance('low-rank adapters', lowRankAdapters({ rank: 2 }), { ...trunks, models: modelTrunk });

const tasks = ['a', 'b', 'c'];

describe('limits', () => {
  for (const [name, trunk] of Object.entries({ ...trunks, models: modelTrunk })) {
    test(`they begin as hard sharing of ${name}`, async () => {
      const model = bareModel(lowRankAdapters({ rank: 2 }), trunk);
      const hard = bareModel(hardSharing(), trunk);
      const weights = await weightsOf(model);
      await setWeights(hard, (weight) => weights.get(weight)!);
      expect(outputs(model)).toEqual(outputs(hard));
    });
  }
});

test('add α / r A B to the kernels, section 4.1', async () => {
  const model = bareModel(lowRankAdapters({ rank: 2, alpha: 3 }));
  const weights = await drawWeights(model);
  const inputs: Matrix = examples(denseTrunk).map(({ input }) => [...input]);
  const expected = tasks.map((task) =>
    ['low', 'high']
      .reduce((rows, stage) => {
        const [down, up] = ['down0', 'up0'].map((name) => weights.get(`${task}/${stage}/lora/${name}`)!);
        const added = times(times(rows, down), up);
        const bias = weights.get(`${stage}/bias`)!;
        return times(rows, weights.get(`${stage}/kernel`)!).map((row, example) =>
          row.map((value, channel) => Math.tanh(value + bias[channel] + 1.5 * added[example][channel])),
        );
      }, inputs)
      .flat(),
  );
  expect(difference(outputs(model), expected)).toBeLessThan(1e-5);
});

test('reach inside of any layer: each kernel of an LSTM, a convolution, a Transformer', async () => {
  for (const [name, kernels] of [
    ['an LSTM', 2],
    ['a small CNN', 1],
    ['a Transformer encoder', 6],
    ['a residual network', 1],
  ] as const) {
    const model = bareModel(lowRankAdapters({ rank: 1 }), trunks[name]);
    const before = outputs(model);
    for (let kernel = 0; kernel < kernels; kernel++) {
      await setWeights(model, (weight, size) =>
        weight.startsWith('b/low/lora/up')
          ? new Float32Array(size).fill(weight.endsWith(`up${kernel}`) ? 0.5 : 0)
          : undefined,
      );
      const after = outputs(model);
      expect(after[0]).toEqual(before[0]);
      expect(difference([after[1]], [before[1]]), `${name}, kernel ${kernel}`).toBeGreaterThan(1e-4);
      expect(after[2]).toEqual(before[2]);
    }
    expect(model.variables.some(({ name }) => name.includes(`b/low/lora/up${kernels}`))).toBe(false);
  }
});

test("a task's loss reaches the shared stages and its own adapters; of frozen stages the adapters only", async () => {
  const model = bareModel(lowRankAdapters({ rank: 2 }));
  await drawWeights(model);
  expect(reachedLayers(model, 'b')).toEqual(['b/high/lora', 'b/low/lora', 'high', 'low']);
  const frozen = {
    ...denseTrunk,
    trunk: () =>
      denseTrunk.trunk().map((stage) => {
        stage.trainable = false;
        return stage;
      }),
  };
  const adapted = bareModel(lowRankAdapters({ rank: 2 }), frozen);
  await drawWeights(adapted);
  expect(reachedLayers(adapted, 'b')).toEqual(['b/high/lora', 'b/low/lora']);
  expect(adapted.countParams()).toBe(model.countParams());
});

test('a stage reads its own weights again afterwards, in errors too', () => {
  const model = bareModel(lowRankAdapters({ rank: 2 }));
  const kernel = model.network.getLayer('low').weights[0];
  outputs(model);
  expect(kernel.read()).toBeInstanceOf(tf.Variable);
  const stage = model.network.getLayer('low') as unknown as { layers: tfl.layers.Layer[] };
  stage.layers[0].call = () => {
    throw new Error('broken');
  };
  expect(() => outputs(model)).toThrow(/broken/);
  expect(kernel.read()).toBeInstanceOf(tf.Variable);
});

test('a stage without kernels is shared as it is', () => {
  const flat = { inputShape: [2, 2], trunk: () => [tfl.layers.flatten({ name: 'low' })] };
  expect(outputs(bareModel(lowRankAdapters({ rank: 2 }), flat))).toEqual(
    outputs(bareModel(hardSharing(), flat)),
  );
});

test('a network made from its config gives equal outputs', async () => {
  const model = bareModel(lowRankAdapters({ rank: 2 }));
  await drawWeights(model);
  const again = own(rebuilt(model));
  tf.tidy(() => {
    const inputs = model.stack(examples(denseTrunk).map(({ input }) => input));
    const given = again.predict(inputs) as tf.Tensor[];
    expect(given.map((output) => [...output.dataSync()])).toEqual(outputs(model));
  });
});

test('refuse a rank below one, and a scale that is not above 0', () => {
  expect(() => lowRankAdapters({ rank: 0 })).toThrow(SharingError);
  expect(() => lowRankAdapters({ rank: 1, alpha: 0 })).toThrow(/`alpha` is 0/);
});
