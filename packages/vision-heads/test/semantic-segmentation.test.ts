import { headConformance } from '@espalier/core/testing';
import { semanticSegmentation, UNKNOWN } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';

const context = { task: 'scene', outputShape: [2, 3, 3] };
const map = (...values: number[]) => ({ width: 3, height: 2, values: Int32Array.from(values) });
const labels = [map(0, 1, 2, 0, 1, 2), map(0, 0, 0, 1, 1, 1), map(2, UNKNOWN, 2, 0, 1, UNKNOWN)];
const classes = ['sky', 'tree', 'road'] as const;
const plain = semanticSegmentation({ classes, channels: 4 });

describe.each([
  ['cross-entropy', plain],
  [
    'with Dice and weights',
    semanticSegmentation({ classes, channels: 4, dice: 1, classWeights: [1, 2, 0.5] }),
  ],
])('semantic segmentation, %s, keeps the contract', (_, head) => {
  for (const { name, run } of headConformance({ head, featureShape: [2, 3, 5], labels })) test(name, run);
});

const lossOf = (head: typeof plain, scores: tf.Tensor, label: (typeof labels)[number]) =>
  tf.tidy(() => head.losses(scores, head.encode([label], context)).dataSync()[0]);

test('the loss is the mean cross-entropy of the known pixels, by the weights of their classes', () => {
  // Probabilities of 1/2, 1/4 and 1/4 everywhere.
  const scores = tf.tidy(() => tf.tile(tf.tensor4d([Math.log(2), 0, 0], [1, 1, 1, 3]), [1, 2, 3, 1]));
  const label = map(0, 0, 1, UNKNOWN, UNKNOWN, UNKNOWN);
  expect(lossOf(plain, scores, label)).toBeCloseTo((Math.log(2) * 2 + Math.log(4)) / 3, 5);
  const weighted = semanticSegmentation({ classes, classWeights: [1, 6, 1] });
  expect(lossOf(weighted, scores, label)).toBeCloseTo((Math.log(2) * 2 + 6 * Math.log(4)) / 8, 5);
  expect(lossOf(plain, scores, map(...new Array<number>(6).fill(UNKNOWN)))).toBeCloseTo(0, 12);
  scores.dispose();
});

test('Dice is 0 for a perfect map, and unknown pixels do not count', () => {
  const head = semanticSegmentation({ classes, dice: 1 });
  tf.tidy(() => {
    const truth = map(0, 1, 2, 0, UNKNOWN, UNKNOWN);
    const perfect = (unknown: number) =>
      tf.mul(tf.oneHot(tf.tensor3d([0, 1, 2, 0, unknown, unknown], [1, 2, 3], 'int32'), 3), 100);
    expect(lossOf(head, perfect(0), truth)).toBeCloseTo(0, 4);
    expect(lossOf(head, perfect(2), truth)).toBeCloseTo(0, 4);
    const wrong =
      lossOf(head, tf.reverse(perfect(0), 2), truth) - lossOf(plain, tf.reverse(perfect(0), 2), truth);
    expect(wrong).toBeGreaterThan(0.2);
  });
});

test('a prediction is the most probable class of every pixel', async () => {
  const scores = tf.tensor4d([0, Math.log(3), 0, Math.log(8), 0, 0], [1, 1, 2, 3]);
  const [prediction] = await plain.decode(scores);
  scores.dispose();
  expect(prediction).toMatchObject({ width: 2, height: 1, classes });
  expect([...prediction.values]).toEqual([1, 0]);
  expect([...prediction.probabilities].map((value) => Math.round(value * 10))).toEqual([6, 8]);
});

test('it is judged by mIoU, pixel accuracy and the IoU of each class', () => {
  expect(plain.metrics.map(({ name }) => name)).toEqual([
    'mIoU',
    'pixel accuracy',
    'IoU sky',
    'IoU tree',
    'IoU road',
  ]);
});

test.each([
  [map(0, 0, 0, 0, 7, 0), /found the class 7 in column 1, row 1 .* from 0 to 2/],
  [map(0, -2, 0, 0, 0, 0), /found the class -2/],
  [{ width: 2, height: 3, values: new Int32Array(6) }, /2 × 3 pixels; expected one of 3 × 2/],
  [{ width: 3, height: 2, values: new Int32Array(5) }, /with 5 values; expected 3 × 2 = 6/],
])('a label map that cannot be learned is refused', (bad, message) => {
  expect(() => plain.encode([bad], context)).toThrow(message);
  expect(() => plain.encode([bad], context)).toThrow(/Task "scene"/);
});

test.each([
  [{ classes: ['one'] }, /at least two classes/],
  [{ classes: ['a', 'b'], classWeights: [1] }, /positive weight for each of 2 classes/],
  [{ classes: ['a', 'b'], classWeights: [1, 0] }, /positive weight/],
  [{ classes: ['a', 'b'], dice: -1 }, /dice is -1/],
])('the options %o are refused', (options, message) => {
  expect(() => semanticSegmentation(options)).toThrow(message);
});
