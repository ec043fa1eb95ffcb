import { headConformance } from '@espalier/core/testing';
import {
  multiLabelClassification,
  ordinalClassification,
  sentiment,
  textClassification,
} from '@espalier/nlp-heads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textFeatures } from '../src/layers/pool-tokens.js';

const topic = textClassification({ classes: ['sport', 'money', 'art'] });
const topics = multiLabelClassification({ classes: ['sport', 'money', 'art'] });
const level = ordinalClassification({ classes: ['low', 'middle', 'high'] });
const feeling = sentiment();
const context = { task: 'text', outputShape: [3] };

describe.each([[[6]], [[4, 6]]])('on features of shape %j', (featureShape) => {
  describe('classification', () => {
    const under = { head: topic, featureShape, labels: ['sport', 'art', 'money'] };
    for (const { name, run } of headConformance(under)) test(name, run);
  });
  describe('multi-label classification', () => {
    const under = { head: topics, featureShape, labels: [['sport', 'art'], [], ['money']] };
    for (const { name, run } of headConformance(under)) test(name, run);
  });
  describe('ordinal classification', () => {
    const under = { head: level, featureShape, labels: ['low', 'high', 'middle'] };
    for (const { name, run } of headConformance(under)) test(name, run);
  });
  describe('sentiment', () => {
    const under = { head: feeling, featureShape, labels: [-3.5, 0.2, 2] };
    for (const { name, run } of headConformance(under)) test(name, run);
  });
});

test('pooling takes the mean and the largest of what is no padding', () => {
  const input = tfl.input({ shape: [null, 2] });
  const model = tfl.model({ inputs: input, outputs: textFeatures(input, 'text') });
  tf.tidy(() => {
    const pooled = model.predict(
      tf.tensor3d([
        [
          [1, -4],
          [3, -2],
          [0, 0],
        ],
        [
          [0, 0],
          [0, 0],
          [0, 0],
        ],
      ]),
    ) as tf.Tensor;
    expect(Array.from(pooled.dataSync(), (value) => value + 0)).toEqual([2, -3, 3, -2, 0, 0, 0, 0]);
  });
  model.dispose();
});

test('losses are cross-entropies in nats', () => {
  tf.tidy(() => {
    const scores = tf.tensor2d([[Math.log(2), 0, 0]]);
    expect(topic.losses(scores, topic.encode(['sport'], context)).dataSync()[0]).toBeCloseTo(Math.log(2), 5);
    const [several] = topics.losses(scores, topics.encode([['sport']], context)).dataSync();
    expect(several).toBeCloseTo(-Math.log(2 / 3) + 2 * Math.log(2), 5);
    const steps = tf.tensor2d([[Math.log(2), 0]]);
    const [ordinal] = level.losses(steps, level.encode(['middle'], context)).dataSync();
    expect(ordinal).toBeCloseTo(-Math.log(2 / 3) + Math.log(2), 5);
  });
});

test('a rating near the limit of a class teaches both in part, where ratings may be off', () => {
  const taught = (ratings: number[], deviation: number) => {
    const values = sentiment({ deviation }).encode(ratings, context) as tf.Tensor2D;
    const rows = values.arraySync().map((row) => row.slice(0, 3));
    values.dispose();
    return rows;
  };
  fc.assert(
    fc.property(
      fc.double({ min: -4, max: 4, noNaN: true }),
      fc.double({ min: 0.01, max: 5, noNaN: true }),
      (rating, deviation) => {
        const [[negative, neutral, positive]] = taught([rating], deviation);
        expect(negative + neutral + positive).toBeCloseTo(1, 5);
        expect(Math.min(negative, neutral, positive)).toBeGreaterThanOrEqual(0);
        const [mirrored] = taught([-rating], deviation);
        expect(mirrored[0]).toBeCloseTo(positive, 5);
      },
    ),
    { examples: [[-1.3, 0.0365]] },
  );
  const [limit, beyond] = taught([0.5, 1.2], 0.35);
  expect(limit[2]).toBeCloseTo(0.5, 6);
  // The normal distribution's share above −2 deviations is 0.977.
  expect(Math.abs(beyond[2] - 0.977)).toBeLessThan(0.0095);
  const ratings = [-3, -0.51, -0.4, 0, 0.4, 0.51, 3];
  expect(taught(ratings, 1e-9)).toEqual(taught(ratings, 0));
});

test('a far mistake costs more than a near one, where classes have an order', () => {
  tf.tidy(() => {
    const high = tf.tensor2d([[4, 2]]);
    const loss = (label: string) => level.losses(high, level.encode([label], context)).dataSync()[0];
    expect(loss('low')).toBeGreaterThan(loss('middle') + 1);
    expect(loss('middle')).toBeGreaterThan(loss('high') + 1);
  });
});

test('predictions have names', async () => {
  const scores = tf.tensor2d([[0, 3, -1]]);
  expect((await topic.decode(scores))[0].label).toBe('money');
  expect((await topics.decode(scores))[0].labels).toEqual(['money']);
  const steps = tf.tensor2d([
    [2, -1],
    [2, 1],
    [-1, -2],
  ]);
  expect(await level.decode(steps)).toEqual(['middle', 'high', 'low']);
  const output = tf.tensor2d([[0, 0, 2, 1.5]]);
  const [{ label, rating, probabilities }] = await feeling.decode(output);
  expect([label, rating]).toEqual(['positive', 3]);
  expect(probabilities.reduce((sum, value) => sum + value)).toBeCloseTo(1, 5);
  tf.dispose([scores, steps, output]);
});

test('sentiment is judged by class and by rating', () => {
  const predictions = [
    { label: 'negative' as const, rating: -2, probabilities: new Float32Array(3) },
    { label: 'positive' as const, rating: 1, probabilities: new Float32Array(3) },
  ];
  const values = feeling.metrics.map(({ name, compute }) => [name, compute(predictions, [-1, 0.5])]);
  expect(Object.fromEntries(values)).toMatchObject({ accuracy: 0.5, Spearman: expect.closeTo(1) });
});

test('labels that cannot be learned are refused by their value', () => {
  expect(() => topic.encode(['music'], context)).toThrow(
    /Task "text": found the label "music"; expected one of sport/,
  );
  expect(() => topics.encode([['art', 'music']], context)).toThrow(/"music"/);
  expect(() => level.encode(['highest'], context)).toThrow(/"highest"/);
  for (const rating of [4.5, Number.NaN]) {
    expect(() => feeling.encode([rating], context)).toThrow(
      new RegExp(`rating ${rating}; expected .* -4 to 4`),
    );
  }
  expect(() => textClassification({ classes: ['one'] })).toThrow(/at least 2 names/);
});
