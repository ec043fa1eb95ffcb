import { mtan } from '@espalier/sharing';
import { expect, test } from 'vitest';
import { dense, type Matrix, normalized, relu, sigmoid } from './by-hand.js';
import {
  bareModel,
  difference,
  drawWeights,
  examples,
  outputs,
  reachedLayers,
  testConformance,
} from './models.js';
import { denseTrunk } from './trunks.js';

testConformance('MTAN', mtan());

const tasks = ['a', 'b', 'c'];

test('agrees with the formulas of section 3.2', async () => {
  const model = bareModel(mtan());
  const weights = await drawWeights(model);
  let common: Matrix = examples(denseTrunk).map(({ input }) => [...input]);
  let masked: Matrix[] | undefined;
  for (const stage of ['low', 'high']) {
    common = dense(common, weights, stage, Math.tanh);
    masked = tasks.map((task, index) => {
      const brought = masked && dense(masked[index], weights, `${stage}/bring`, Math.tanh);
      const beside =
        brought === undefined ? common : common.map((row, example) => [...row, ...brought[example]]);
      const layer = (rows: Matrix, name: string, activation: (value: number) => number) =>
        normalized(
          dense(rows, weights, `${task}/${stage}/${name}`),
          weights,
          `${task}/${stage}/${name}-norm`,
        ).map((row) => row.map(activation));
      const mask = layer(layer(beside, 'g', relu), 'h', sigmoid);
      return common.map((row, example) => row.map((value, channel) => value * mask[example][channel]));
    });
  }
  expect(
    difference(
      outputs(model),
      masked!.map((rows) => rows.flat()),
    ),
  ).toBeLessThan(1e-5);
});

test("a task's loss reaches the trunk, what brings its features on, and its own masks", () => {
  const masks = ['low', 'high'].flatMap((stage) =>
    ['g', 'g-norm', 'h', 'h-norm'].map((name) => `b/${stage}/${name}`),
  );
  expect(reachedLayers(bareModel(mtan()), 'b')).toEqual(['low', 'high', 'high/bring', ...masks].sort());
});
