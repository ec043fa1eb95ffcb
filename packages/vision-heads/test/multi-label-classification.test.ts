import { readFileSync } from 'node:fs';
import { headConformance } from '@espalier/core/testing';
import { multiLabelClassification } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';

const pets = multiLabelClassification({ classes: ['cat', 'dog', 'owl'] });
const context = { task: 'pets', outputShape: [3] };

describe('multi-label classification keeps the contract', () => {
  for (const featureShape of [[5], [4, 3, 6]]) {
    const under = { head: pets, featureShape, labels: [[0], [1, 2], [], [0, 1, 2]] };
    for (const { name, run } of headConformance(under))
      test(`on features ${featureShape.join('×')}: ${name}`, run);
  }
});

interface Sets {
  readonly labels: number[][];
  readonly found: number[][];
  readonly macroF1: number;
  readonly exact: number;
}
const { sets }: { sets: Sets[] } = JSON.parse(
  readFileSync(new URL('./reference/scores.json', import.meta.url), 'utf8'),
);

test.each(sets)('its metrics are what scikit-learn says: $macroF1', ({ labels, found, macroF1, exact }) => {
  const head = multiLabelClassification({ classes: labels[0].map((_, index) => `class ${index}`) });
  const indicesOf = (row: number[]) => row.flatMap((own, index) => (own === 1 ? [index] : []));
  const predictions = found.map((row) => ({
    indices: indicesOf(row),
    labels: [],
    probabilities: new Float32Array(),
  }));
  const values = head.metrics.map((metric) => metric.compute(predictions, labels.map(indicesOf)));
  expect(values[0]).toBeCloseTo(macroF1, 12);
  expect(values[1]).toBeCloseTo(exact, 12);
});

test('the loss is the mean binary cross-entropy, and finite for scores that are far apart', () => {
  tf.tidy(() => {
    const scores = tf.tensor2d([
      [0, Math.log(3), Math.log(3)],
      [1e4, -1e4, 1e4],
    ]);
    const losses = pets.losses(scores, pets.encode([[1], [1]], context)).dataSync();
    expect(losses[0]).toBeCloseTo((Math.log(2) + Math.log(4 / 3) + Math.log(4)) / 3, 5);
    expect(losses[1]).toBeCloseTo(1e4, 0);
  });
});

test('a prediction names every class that is more probable than not', async () => {
  const scores = tf.tensor2d([[-1, 2, 0.1]]);
  const [{ labels, indices }] = await pets.decode(scores);
  scores.dispose();
  expect(labels).toEqual(['dog', 'owl']);
  expect(indices).toEqual([1, 2]);
});

test.each([3, -1, 0.5])('the class index %s is refused', (index) => {
  expect(() => pets.encode([[0, index]], context)).toThrow(/Task "pets": found the class index/);
});
