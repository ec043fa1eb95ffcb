import { headConformance } from '@espalier/core/testing';
import { languageModel, sentencePairs } from '@espalier/nlp-heads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';

const pairs = sentencePairs({ classes: ['follows', 'contradicts', 'neither'] });
const words = languageModel({ words: 4 });
const context = { task: 'words', outputShape: [3, 5] };

describe('sentence pairs keep the contract', () => {
  const under = { head: pairs, featureShape: [4, 6], labels: ['follows', 'neither', 'contradicts'] };
  for (const { name, run } of headConformance(under)) test(name, run);
});

describe('a language model keeps the contract', () => {
  const labels = [
    [1, undefined, 4],
    [undefined, 2, 3],
    [undefined, undefined, 1],
  ];
  for (const { name, run } of headConformance({ head: words, featureShape: [3, 6], labels })) test(name, run);
});

test('a pair is compared text by text, whatever padding is behind each', () => {
  const input = tfl.input({ shape: [null, 2] });
  const model = tfl.model({ inputs: input, outputs: pairs.connect([input], 'pair') });
  tf.tidy(() => {
    const [a, b, none] = [
      [1, -2],
      [3, 4],
      [0, 0],
    ];
    const scores = (tokens: number[][]) =>
      Array.from((model.predict(tf.tensor3d([tokens])) as tf.Tensor).dataSync());
    expect(scores([a, none, b, none])).toEqual(scores([a, b]));
    expect(scores([b, a])).not.toEqual(scores([a, b]));
    expect(() => scores([a, b, none])).toThrow(/Task "pair": a pair has 3 tokens; expected two texts/);
  });
  model.dispose();
});

test('the loss is the mean over the hidden words, and perplexity its exponential', async () => {
  const output = tf.tensor3d([
    [
      [0, Math.log(4), 0, 0, 0],
      [0, 0, 0, 0, 9],
      [0, 0, Math.log(6), 0, 0],
    ],
  ]);
  const label = [1, undefined, 3];
  const target = words.encode([label], context);
  const [loss] = words.losses(output, target).dataSync();
  expect(loss).toBeCloseTo(-(Math.log(4 / 8) + Math.log(1 / 10)) / 2, 5);
  const predictions = await words.decode(output);
  expect(predictions[0].map(({ word }) => word)).toEqual([1, 4, 2]);
  const values = words.metrics.map(({ name, compute }) => [name, compute(predictions, [label])]);
  expect(Object.fromEntries(values)).toEqual({
    perplexity: expect.closeTo(Math.exp(loss), 4),
    accuracy: 0.5,
  });
  tf.dispose([output, target]);
});

test('labels that cannot be learned are refused by their value', () => {
  expect(() => words.encode([[undefined, undefined]], context)).toThrow(
    /Task "words": label 0 of the batch has 2 places, 0 of them hidden; expected 1 to 3/,
  );
  expect(() => words.encode([[1, 1, 1, 1]], context)).toThrow(/4 places/);
  for (const word of [0, 5, 1.5]) {
    expect(() => words.encode([[1, word]], context)).toThrow(new RegExp(`the word ${word}; expected 1 to 4`));
  }
});
