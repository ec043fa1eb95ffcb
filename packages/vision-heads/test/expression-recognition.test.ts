import { headConformance } from '@espalier/core/testing';
import { classification, expressionRecognition } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';

const expressions = ['neutral', 'happiness', 'surprise'] as const;
const head = expressionRecognition({ expressions, counts: [60, 30, 10] });
const context = { task: 'expression', outputShape: [3] };

describe('expression recognition keeps the contract', () => {
  for (const { name, run } of headConformance({ head, featureShape: [4, 3, 6], labels: [0, 1, 2, 1] }))
    test(name, run);
});

test('over the training examples every expression counts alike, and an example for 1 on average', () => {
  tf.tidy(() => {
    const labels = [60, 30, 10].flatMap((count, index) => Array<number>(count).fill(index));
    const target = head.encode(labels, context);
    const losses = [...head.losses(tf.zeros([labels.length, 3]), target).dataSync()];
    const sums = expressions.map((_, index) =>
      losses.reduce((sum, loss, example) => (labels[example] === index ? sum + loss : sum), 0),
    );
    for (const sum of sums) expect(sum).toBeCloseTo((100 / 3) * Math.log(3), 3);
  });
});

test('without counts the loss is that of a classification', () => {
  tf.tidy(() => {
    const scores = tf.tensor2d([
      [0.3, -1, 2],
      [4, 0, 0],
    ]);
    const target = head.encode([2, 1], context);
    const plain = classification({ classes: expressions }).losses(scores, target).dataSync();
    const own = expressionRecognition({ expressions }).losses(scores, target).dataSync();
    for (const [index, loss] of own.entries()) expect(loss).toBeCloseTo(plain[index], 6);
  });
});

test('it is judged by the macro F1 score, and says how much of each expression is recognized', () => {
  const found = [0, 0, 1, 1].map((index) => ({
    label: expressions[index],
    index,
    probabilities: new Float32Array(3),
  }));
  const values = head.metrics.map(({ name, compute }) => [name, compute(found, [0, 1, 1, 1])]);
  expect(values).toEqual([
    ['macro F1', (2 / 3 + 4 / 5) / 2],
    ['accuracy', 3 / 4],
    ['recall neutral', 1],
    ['recall happiness', 2 / 3],
    ['recall surprise', 0],
  ]);
});

test('what is drawn stands at the lower edge, out of the way of a name', () => {
  const drawn = head.draw(
    { label: 'happiness', index: 1, probabilities: Float32Array.of(0, 0.8, 0.2) },
    { width: 60, height: 60 },
  );
  expect(drawn).toContain('happiness 80 %');
  expect(Number(/<rect x="\S+" y="(\S+)"/.exec(drawn)?.[1])).toBe(55);
});

test.each([[[1, 2]], [[1, 0, 2]], [[1, Number.NaN, 2]]])('the counts %o are refused', (counts) => {
  expect(() => expressionRecognition({ expressions, counts })).toThrow(
    /a number above 0 for each of 3 expressions/,
  );
});
