import { readFileSync } from 'node:fs';
import { headConformance } from '@espalier/core/testing';
import { imageRegression } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';

const person = imageRegression({
  quantities: { age: { mean: 40, deviation: 20 }, height: { mean: 1.7, deviation: 0.1 } },
});
const context = { task: 'person', outputShape: [2] };

describe('image regression keeps the contract', () => {
  const labels = [
    { age: 20, height: 1.8 },
    { age: 60, height: 1.6 },
    { age: 35, height: 1.75 },
  ];
  for (const featureShape of [[5], [4, 3, 6]]) {
    for (const { name, run } of headConformance({ head: person, featureShape, labels }))
      test(`on features ${featureShape.join('×')}: ${name}`, run);
  }
});

interface Numbers {
  readonly labels: number[];
  readonly found: number[];
  readonly mae: number;
  readonly r2: number;
}
const { numbers }: { numbers: Numbers[] } = JSON.parse(
  readFileSync(new URL('./reference/scores.json', import.meta.url), 'utf8'),
);

test.each(numbers)('its metrics are what scikit-learn says: $r2', ({ labels, found, mae, r2 }) => {
  const head = imageRegression({ quantities: { age: { mean: 0, deviation: 1 } } });
  const named = (values: number[]) => values.map((age) => ({ age }));
  const values = head.metrics.map((metric) => metric.compute(named(found), named(labels)));
  expect(values[0]).toBeCloseTo(r2, 10);
  expect(values[1]).toBeCloseTo(mae, 10);
});

test('the loss is in standard deviations, predictions are in the labels’ unit', async () => {
  tf.tidy(() => {
    const target = person.encode([{ age: 60, height: 1.7 }], context);
    expect(person.losses(tf.zeros([1, 2]), target).dataSync()[0]).toBeCloseTo(0.5, 6);
  });
  const output = tf.tensor2d([[0.5, -1]]);
  const [{ age, height }] = await person.decode(output);
  output.dispose();
  expect(age).toBeCloseTo(50, 5);
  expect(height).toBeCloseTo(1.6, 5);
});

test('what cannot be learned is refused', () => {
  expect(() => person.encode([{ age: Number.NaN, height: 1 }], context)).toThrow(
    /Task "person": found NaN for "age"/,
  );
  expect(() => imageRegression({ quantities: {} })).toThrow(/at least one quantity/);
  expect(() => imageRegression({ quantities: { age: { mean: 1, deviation: 0 } } })).toThrow(
    /deviation above 0/,
  );
});
