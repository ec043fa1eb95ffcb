import { headConformance } from '@espalier/core/testing';
import * as engine from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { exampleHead } from '../src/index.js';

await engine.use('wasm');
const ink = exampleHead({ classes: ['paper', 'ink'] });
const context = { task: 'ink', outputShape: [4, 2] };

describe('keeps the contract', () => {
  const labels = [
    [0, 1, 0, 1],
    [1, 1, 0, 0],
    [0, 0, 0, 1],
  ];
  for (const featureShape of [
    [4, 3],
    [2, 2, 3],
  ]) {
    for (const { name, run } of headConformance({ head: ink, featureShape, labels })) {
      test(`on features ${featureShape.join('×')}: ${name}`, run);
    }
  }
});

test('the loss is the mean over the known places', () => {
  tf.tidy(() => {
    const certain = [20, 0];
    const scores = tf.tensor3d([[certain, [0, 0], certain, certain]]);
    const [loss] = ink.losses(scores, ink.encode([[0, 0, -1, -1]], context)).dataSync();
    expect(loss).toBeCloseTo(Math.log(2) / 2, 5);
  });
});

test('unknown places are not measured', async () => {
  const scores = tf.tensor3d([
    [
      [1, 0],
      [0, 1],
      [1, 0],
      [1, 0],
    ],
  ]);
  const predictions = await ink.decode(scores);
  scores.dispose();
  expect(predictions[0]?.classes).toEqual(['paper', 'ink', 'paper', 'paper']);
  const [iou, accuracy] = ink.metrics;
  // paper: 2 of 3 places; ink: 1 of 2.
  expect(iou.compute(predictions, [[0, 1, 1, 0]])).toBeCloseTo((2 / 3 + 1 / 2) / 2);
  expect(iou.compute(predictions, [[0, 1, -1, 0]])).toBe(1);
  expect(accuracy?.compute(predictions, [[0, 1, 1, 0]])).toBe(3 / 4);
});

test.each([
  [[0, 1, 2, 0], /from 0 to 1/],
  [[0, 1], /2 places; expected 4/],
])('the label %j is refused by the task’s name', (label, message) => {
  expect(() => ink.encode([label], context)).toThrow(message);
  expect(() => ink.encode([label], context)).toThrow('Task "ink"');
});
