import { StageError } from '@espalier/core';
import { SharingError, sluice } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { dense, type Matrix } from './by-hand.js';
import {
  bareModel,
  difference,
  drawWeights,
  examples,
  outputs,
  own,
  reachedLayers,
  rebuilt,
  separate,
  testConformance,
  weightsOf,
} from './models.js';
import { denseTrunk, trunks } from './trunks.js';

testConformance('sluice', sluice());

const tasks = ['a', 'b', 'c'];

/** Both stages with four channels, so that the stages are combined too. */
const evenTrunk = {
  inputShape: [3],
  trunk: () => [
    tfl.layers.dense({ name: 'low', units: 4, activation: 'tanh' }),
    tfl.layers.dense({ name: 'high', units: 4, activation: 'tanh' }),
  ],
};

describe('limits', () => {
  for (const [name, trunk] of Object.entries({ ...trunks, 'dense layers': evenTrunk })) {
    test(`at the identity it is separate networks of ${name}`, () => {
      const model = bareModel(sluice({ own: 1, orthogonality: 0 }), trunk);
      expect(outputs(model)).toEqual(outputs(bareModel(separate, trunk)));
      expect(model.network.calculateLosses()).toEqual([]);
    });
  }
});

test('agrees with equations 1 to 3', async () => {
  const model = bareModel(sluice(), evenTrunk);
  const weights = await drawWeights(model);
  const halves = (row: number[]) => [row.slice(0, row.length / 2), row.slice(row.length / 2)];
  let features = tasks.map((): Matrix => examples(denseTrunk).map(({ input }) => [...input]));
  const stages: Matrix[][] = [];
  for (const stage of ['low', 'high']) {
    const copies = tasks.map((task, index) => dense(features[index], weights, `${task}/${stage}`, Math.tanh));
    features = tasks.map((task) => {
      const alpha = weights.get(`${task}/${stage}/sluice/alpha`)!;
      return copies[0].map((_, example) => {
        const subspaces = copies.flatMap((copy) => halves(copy[example]));
        return [0, 1].flatMap((half) =>
          subspaces[0].map((_, channel) =>
            subspaces.reduce(
              (sum, subspace, place) => sum + alpha[half * subspaces.length + place] * subspace[channel],
              0,
            ),
          ),
        );
      });
    });
    stages.push(features);
  }
  const expected = tasks.map((task, index) => {
    const beta = weights.get(`${task}/sluice/beta`)!;
    return stages[0][index].flatMap((row, example) =>
      row.map((value, channel) => beta[0] * value + beta[1] * stages[1][index][example][channel]),
    );
  });
  expect(difference(outputs(model), expected)).toBeLessThan(1e-5);
});

test("the penalty is the paper's, equation 4, on both halves of every kernel", async () => {
  const model = bareModel(sluice({ orthogonality: 0.5 }));
  const weights = await weightsOf(model);
  let sum = 0;
  for (const task of tasks) {
    for (const [stage, channels] of [
      ['low', 4],
      ['high', 2],
    ] as const) {
      const kernel = weights.get(`${task}/${stage}/kernel`)!;
      const rows = kernel.length / channels;
      for (let first = 0; first < channels / 2; first++) {
        for (let second = channels / 2; second < channels; second++) {
          let product = 0;
          for (let row = 0; row < rows; row++)
            product += kernel[row * channels + first] * kernel[row * channels + second];
          sum += product ** 2;
        }
      }
    }
  }
  const penalty = (network: tfl.LayersModel) =>
    tf.tidy(() => tf.addN(network.calculateLosses()).dataSync()[0]);
  expect(penalty(model.network)).toBeCloseTo(0.5 * sum, 4);
  expect(penalty(own(rebuilt(model)))).toBe(penalty(model.network));
});

test("a task's loss reaches all copies and mixes before the last, and its own last", () => {
  const before = tasks.flatMap((task) => [`${task}/high`, `${task}/low`, `${task}/low/sluice`]);
  expect(reachedLayers(bareModel(sluice(), evenTrunk), 'b')).toEqual(
    [...before, 'b/high/sluice', 'b/sluice'].sort(),
  );
});

test('refuses channels that do not part, and options out of range', () => {
  const odd = { inputShape: [3], trunk: () => [tfl.layers.dense({ name: 'odd', units: 3 })] };
  expect(() => bareModel(sluice(), odd)).toThrow(StageError);
  expect(() => bareModel(sluice(), odd)).toThrow(/Stage "odd": has 3 channels/);
  expect(() => sluice({ own: 2 })).toThrow(SharingError);
  expect(() => sluice({ orthogonality: -1 })).toThrow(/`orthogonality` is -1/);
});
