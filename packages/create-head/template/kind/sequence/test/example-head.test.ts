import { headConformance } from '@espalier/core/testing';
import * as engine from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { exampleHead } from '../src/index.js';

await engine.use('wasm');
const melody = exampleHead({ symbols: ['do', 're', 'mi'], longest: 3 });
const context = { task: 'melody', outputShape: [3, 4] };

describe('keeps the contract', () => {
  const labels = [[0, 1, 2], [2, 1], [1, 0, 0], []];
  for (const featureShape of [[5], [6, 5], [4, 4, 3]]) {
    for (const { name, run } of headConformance({ head: melody, featureShape, labels })) {
      test(`on features ${featureShape.join('×')}: ${name}`, run);
    }
  }
});

test('the loss is the mean over the symbols and the end', () => {
  tf.tidy(() => {
    const nothing = [0, 0, 0, 0];
    const scores = tf.tensor3d([[[30, 0, 0, 0], nothing, [30, 0, 0, 0]]]);
    const [loss] = melody.losses(scores, melody.encode([[0]], context)).dataSync();
    expect(loss).toBeCloseTo(Math.log(4) / 2, 5);
  });
});

test('a sequence stops at the first end', async () => {
  const scores = tf.oneHot(tf.tensor2d([[2, 3, 1]], undefined, 'int32'), 4);
  const predictions = await melody.decode(scores);
  scores.dispose();
  expect(predictions).toEqual([{ symbols: ['mi'], indices: [2] }]);
  const [errors, exact] = melody.metrics;
  expect(errors.compute(predictions, [[2]])).toBe(0);
  expect(errors.compute(predictions, [[0, 2, 1, 1]])).toBe(3 / 4);
  expect(exact?.compute(predictions, [[2, 1]])).toBe(0);
});

test.each([[[3]], [[0, -1]], [[0.5]], [[0, 0, 0, 0]]])(
  'the label %j is refused by the task’s name',
  (label) => {
    expect(() => melody.encode([label], context)).toThrow(/Task "melody".*expected/);
  },
);
