import { adapters, crossTaskAttention, film, hardSharing, SharingError } from '@espalier/sharing';
import { expect, test } from 'vitest';
import { dense, type Matrix, relu, softmax, times } from './by-hand.js';
import {
  bareModel,
  difference,
  examples,
  numbers,
  outputs,
  reachedLayers,
  setWeights,
  testConformance,
  weightsOf,
} from './models.js';
import { denseTrunk, trunks } from './trunks.js';

testConformance('FiLM', film());
testConformance('adapters', adapters({ size: 3 }));
testConformance('cross-task attention', crossTaskAttention());

const tasks = ['a', 'b', 'c'];
const inputs: Matrix = examples(denseTrunk).map(({ input }) => [...input]);
const draw = (name: string, size: number) => numbers(size, name.length + name.charCodeAt(0));

for (const [name, trunk] of Object.entries(trunks)) {
  test(`FiLM begins as hard sharing of ${name}`, () => {
    expect(outputs(bareModel(film(), trunk))).toEqual(outputs(bareModel(hardSharing(), trunk)));
  });
}

test('FiLM scales and shifts by task', async () => {
  const model = bareModel(film());
  await setWeights(model, draw);
  const weights = await weightsOf(model);
  const expected = tasks.map((task) =>
    ['low', 'high']
      .reduce((rows, stage) => {
        const [scale, shift] = ['scale', 'shift'].map((own) => weights.get(`${task}/${stage}/film/${own}`)!);
        return dense(rows, weights, stage, Math.tanh).map((row) =>
          row.map((value, channel) => scale[channel] * value + shift[channel]),
        );
      }, inputs)
      .flat(),
  );
  expect(difference(outputs(model), expected)).toBeLessThan(1e-5);
});

test('adapters add what a bottleneck makes of the features', async () => {
  const model = bareModel(adapters({ size: 3 }));
  await setWeights(model, draw);
  const weights = await weightsOf(model);
  const expected = tasks.map((task) =>
    ['low', 'high']
      .reduce((rows, stage) => {
        const features = dense(rows, weights, stage, Math.tanh);
        const down = dense(features, weights, `${task}/${stage}/adapter-down`, relu);
        const up = dense(down, weights, `${task}/${stage}/adapter-up`);
        return features.map((row, example) => row.map((value, channel) => value + up[example][channel]));
      }, inputs)
      .flat(),
  );
  expect(difference(outputs(model), expected)).toBeLessThan(1e-5);
});

test("a task's attention is over the other tasks' features", async () => {
  const model = bareModel(crossTaskAttention());
  await setWeights(model, draw);
  const weights = await weightsOf(model);
  const own = tasks.map((task) =>
    dense(dense(inputs, weights, 'low', Math.tanh), weights, `${task}/high`, Math.tanh),
  );
  const expected = tasks.map((task, index) => {
    const kernel = (name: string) => weights.get(`${task}/high/attention/${name}`)!;
    return inputs.flatMap((_, example) => {
      const others = own.filter((_, other) => other !== index).map((rows) => rows[example]);
      const [asked] = times([own[index][example]], kernel('query'));
      const scores = times(others, kernel('key')).map(
        (key) => key.reduce((sum, value, channel) => sum + value * asked[channel], 0) / Math.sqrt(key.length),
      );
      const shares = softmax(scores);
      const values = times(others, kernel('value'));
      const answer = values[0].map((_, channel) =>
        shares.reduce((sum, share, other) => sum + share * values[other][channel], 0),
      );
      const [added] = times([answer], kernel('output'));
      return own[index][example].map((value, channel) => value + added[channel]);
    });
  });
  expect(difference(outputs(model), expected)).toBeLessThan(1e-5);
});

test("a task's loss reaches the shared stages and the task's own layers only", () => {
  expect(reachedLayers(bareModel(film()), 'b')).toEqual(['b/high/film', 'b/low/film', 'high', 'low']);
  const own = ['high', 'low'].flatMap((stage) => [`b/${stage}/adapter-down`, `b/${stage}/adapter-up`]);
  expect(reachedLayers(bareModel(adapters({ size: 4 })), 'b')).toEqual([...own, 'high', 'low']);
  const copies = tasks.map((task) => `${task}/high`);
  expect(reachedLayers(bareModel(crossTaskAttention()), 'b')).toEqual(
    [...copies, 'b/high/attention', 'low'].sort(),
  );
});

test('adapters refuse a size below one', () => {
  expect(() => adapters({ size: 0 })).toThrow(SharingError);
});
