import { headConformance } from '@espalier/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { soundClass } from '../src/sound-class.js';

const animals = soundClass({ classes: ['cat', 'dog', 'owl'] });
const context = { task: 'animal', outputShape: [3] };

describe('keeps the contract', () => {
  for (const featureShape of [[5], [6, 5], [4, 4, 3]]) {
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
    const [first, second] = animals.losses(scores, animals.encode([0, 2], context)).dataSync();
    expect(first).toBeCloseTo(Math.log(2), 5);
    expect(second).toBeCloseTo(Math.log(3), 5);
  });
});

test('a prediction names the most probable class', async () => {
  const scores = tf.tensor2d([[0, Math.log(3), 0]]);
  const [prediction] = await animals.decode(scores);
  scores.dispose();
  expect(prediction).toMatchObject({ label: 'dog', index: 1 });
});

test.each([3, -1, 0.5, Number.NaN])('the class index %s is refused by the task’s name', (label) => {
  expect(() => animals.encode([0, label], context)).toThrow(/Task "animal".*from 0 to 2/);
});
