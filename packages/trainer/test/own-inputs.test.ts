import { aggregators } from '@espalier/losses';
import { byLength, evaluate, fit, predict, TrainerError } from '@espalier/trainer';
import { describe, expect, test } from 'vitest';
import { compose, data, example, options } from './own-inputs-task.js';

describe('tasks with inputs of their own', () => {
  test.each([
    ['the sum of the losses', {}],
    ['an aggregator of gradients', { aggregator: aggregators.upGrad() }],
  ])('are learned by %s', async (_, method) => {
    const model = compose();
    await fit(model, { ...options, ...method });
    expect(await evaluate(model, data, { batchSize: 5 })).toMatchObject({
      near: { accuracy: 1 },
      far: { accuracy: 1 },
    });
  });

  test('are predicted for the examples that have them', async () => {
    const predictions = await predict(compose(), data, { batchSize: 5 });
    expect([predictions.near.length, predictions.far.length]).toEqual([24, 16]);
  });

  test('make batches of like lengths by the longest', async () => {
    await fit(compose(), { ...options, epochs: 1, sampler: byLength() });
  });

  test('are missed where there is a label', async () => {
    const blind = { length: 8, at: (index: number) => ({ ...example(index), labels: { near: 0, far: 1 } }) };
    await expect(evaluate(compose(), blind, { batchSize: 8 })).rejects.toThrow(TrainerError);
  });
});
