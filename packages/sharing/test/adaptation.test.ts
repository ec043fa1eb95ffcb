import { adapters, crossTaskAttention, film, hardSharing, SharingError, taskTokens } from '@espalier/sharing';
import { expect, test } from 'vitest';
import { dense, type Matrix, relu, softmax, times } from './by-hand.js';
import {
  bareModel,
  difference,
  drawWeights,
  examples,
  outputs,
  reachedLayers,
  testConformance,
} from './models.js';
import { denseTrunk, trunks } from './trunks.js';

testConformance('FiLM', film());
testConformance('adapters', adapters({ size: 3 }));
testConformance('cross-task attention', crossTaskAttention());
testConformance('cross-task attention at every stage', crossTaskAttention({ from: 'low' }));
testConformance('task tokens', taskTokens({ tokens: 2 }));

const tasks = ['a', 'b', 'c'];
type Weights = ReadonlyMap<string, Float32Array>;

const inputs: Matrix = examples(denseTrunk).map(({ input }) => [...input]);

for (const [name, trunk] of Object.entries(trunks)) {
  test(`FiLM begins as hard sharing of ${name}`, () => {
    expect(outputs(bareModel(film(), trunk))).toEqual(outputs(bareModel(hardSharing(), trunk)));
  });
}

test('FiLM scales and shifts by task', async () => {
  const model = bareModel(film());
  const weights = await drawWeights(model);
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
  const weights = await drawWeights(model);
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

/** x + softmax(x Q (o K)ᵀ / √channels) o V O for every example, whose lists of positions are given. */
function attention(asking: Matrix[], answering: Matrix[], weights: Weights, layer: string): Matrix[] {
  const kernel = (name: string) => weights.get(`${layer}/${name}`)!;
  return asking.map((positions, example) => {
    const keys = times(answering[example], kernel('key'));
    const values = times(answering[example], kernel('value'));
    const answers = times(positions, kernel('query')).map((asked) => {
      const shares = softmax(
        keys.map((key) => key.reduce((sum, value, c) => sum + value * asked[c], 0) / Math.sqrt(key.length)),
      );
      return values[0].map((_, c) => shares.reduce((sum, share, place) => sum + share * values[place][c], 0));
    });
    return times(answers, kernel('output')).map((row, place) =>
      row.map((value, c) => value + positions[place][c]),
    );
  });
}

/** Every task's copy of the last stage, for every example as the only position. */
const ownFeatures = (weights: Weights) =>
  tasks.map((task) =>
    dense(dense(inputs, weights, 'low', Math.tanh), weights, `${task}/high`, Math.tanh).map((row) => [row]),
  );

test("a task's attention is over the other tasks' features", async () => {
  const model = bareModel(crossTaskAttention());
  const weights = await drawWeights(model);
  const own = ownFeatures(weights);
  const expected = tasks.map((task, index) => {
    const others = inputs.map((_, example) =>
      own.flatMap((rows, other) => (other === index ? [] : rows[example])),
    );
    return attention(own[index], others, weights, `${task}/high/attention`).flat(2);
  });
  expect(difference(outputs(model), expected)).toBeLessThan(1e-5);
});

test("task tokens gather a task's features, exchange them, and are read", async () => {
  const model = bareModel(taskTokens({ tokens: 2 }));
  const weights = await drawWeights(model);
  const own = ownFeatures(weights);
  const asking = tasks.map((task, index) => {
    const learned = weights.get(`${task}/high/tokens/tokens`)!;
    const tokens = [
      [learned[0], learned[1]],
      [learned[2], learned[3]],
    ];
    return attention(
      inputs.map(() => tokens),
      own[index].map((features) => [...features, ...tokens]),
      weights,
      `${task}/high/gather`,
    );
  });
  const expected = tasks.map((task, index) => {
    const others = inputs.map((_, example) =>
      asking.flatMap((tokens, other) => (other === index ? [] : tokens[example])),
    );
    const told = attention(asking[index], others, weights, `${task}/high/exchange`);
    return attention(own[index], told, weights, `${task}/high/read`).flat(2);
  });
  expect(difference(outputs(model), expected)).toBeLessThan(1e-5);
});

test("from a stage on, tasks have copies and attend; a task's loss reaches all that came before", () => {
  const layers = tasks.flatMap((task) => [`${task}/low`, `${task}/low/attention`, `${task}/high`]);
  expect(reachedLayers(bareModel(crossTaskAttention({ from: 'low' })), 'b')).toEqual(
    [...layers, 'b/high/attention'].sort(),
  );
  const tokens = tasks.flatMap((task) => ['', '/tokens', '/gather'].map((part) => `${task}/high${part}`));
  expect(reachedLayers(bareModel(taskTokens({ tokens: 2 })), 'b')).toEqual(
    [...tokens, 'b/high/exchange', 'b/high/read', 'low'].sort(),
  );
  for (const sharing of [crossTaskAttention({ from: 'middle' }), taskTokens({ tokens: 2, from: 'middle' })]) {
    expect(() => bareModel(sharing)).toThrow(/"middle".*stages are low, high/);
  }
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

test('adapters and tokens refuse a size below one or two', () => {
  expect(() => adapters({ size: 0 })).toThrow(SharingError);
  expect(() => taskTokens({ tokens: 1 })).toThrow(SharingError);
});
