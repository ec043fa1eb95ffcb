import { headConformance } from '@espalier/core/testing';
import { classification } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';

const animals = classification({ classes: ['cat', 'dog', 'owl'] });
const context = { task: 'animal', outputShape: [3] };

describe('classification keeps the contract', () => {
  for (const featureShape of [[5], [4, 3, 6]]) {
    const under = { head: animals, featureShape, labels: [0, 1, 2, 1] };
    for (const { name, run } of headConformance(under))
      test(`on features ${featureShape.join('×')}: ${name}`, run);
  }
});

test('the loss is the cross-entropy in nats', () => {
  tf.tidy(() => {
    // Probabilities of 1/2, 1/4, 1/4, and of 1/3 each.
    const scores = tf.tensor2d([
      [Math.log(2), 0, 0],
      [5, 5, 5],
    ]);
    const losses = animals.losses(scores, animals.encode([0, 2], context)).dataSync();
    expect(losses[0]).toBeCloseTo(Math.log(2), 5);
    expect(losses[1]).toBeCloseTo(Math.log(3), 5);
  });
});

test('scores that are far apart give finite losses', () => {
  tf.tidy(() => {
    const losses = animals.losses(tf.tensor2d([[1e4, -1e4, 0]]), animals.encode([1], context)).dataSync();
    expect(losses[0]).toBeCloseTo(2e4, 0);
  });
});

test('a prediction names the most probable class', async () => {
  const scores = tf.tensor2d([[0, Math.log(3), 0]]);
  const [prediction] = await animals.decode(scores);
  scores.dispose();
  expect(prediction.label).toBe('dog');
  expect(prediction.index).toBe(1);
  expect(Array.from(prediction.probabilities, (value) => Math.round(value * 10))).toEqual([2, 6, 2]);
});

test.each([3, -1, 0.5, Number.NaN])('the class index %s is refused', (label) => {
  expect(() => animals.encode([0, label], context)).toThrow(
    new RegExp(`Task "animal".*class index ${label}.*from 0 to 2`),
  );
});

test('one class is nothing to choose from', () => {
  expect(() => classification({ classes: ['only'] })).toThrow(/at least two classes; found 1/);
});
