import { multiTaskModel } from '@espalier/core';
import { headConformance } from '@espalier/core/testing';
import { brokenAt, crfTokenClassification, repairTags, tokenClassification } from '@espalier/nlp-heads';
import { hardSharing } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logPartition, sequenceScore } from '../src/crf/likelihood.js';
import { CrfPotentials } from '../src/crf/potentials.js';
import { viterbi } from '../src/crf/viterbi.js';

const tags = ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC'] as const;
const context = { task: 'ner', outputShape: [4, 5] };
const crf = crfTokenClassification({ tags, scheme: 'IOB2' });
const softmax = tokenClassification({ tags, scheme: 'IOB2' });

describe.each([
  ['softmax', softmax],
  ['crf', crf],
  ['crf without a scheme', crfTokenClassification({ tags })],
] as const)('%s keeps the contract', (_, head) => {
  const labels = [
    ['B-PER', 'I-PER', 'O', 'B-LOC'],
    ['O', 'B-LOC', 'I-LOC', 'O'],
    ['O', 'O', 'O', 'O'],
  ];
  for (const { name, run } of headConformance({ head, featureShape: [4, 6], labels })) test(name, run);
});

describe('the CRF', () => {
  const numbers = fc.double({ min: -3, max: 3, noNaN: true });
  const chains = fc
    .record({
      tokens: fc.integer({ min: 1, max: 4 }),
      tags: fc.integer({ min: 2, max: 3 }),
      padding: fc.integer({ min: 0, max: 2 }),
    })
    .chain(({ tokens, tags: count, padding }) =>
      fc.record({
        tokens: fc.constant(tokens),
        count: fc.constant(count),
        padding: fc.constant(padding),
        values: fc.array(numbers, { minLength: tokens * count * count, maxLength: tokens * count * count }),
      }),
    );

  /** The first token has no tag before it: all its rows are equal, as the layer makes them. */
  function potentialsOf({
    tokens,
    count,
    padding,
    values,
  }: {
    tokens: number;
    count: number;
    padding: number;
    values: number[];
  }) {
    const all = Float32Array.from(
      { length: (tokens + padding) * count * count },
      (_, index) => values[index] ?? 0,
    );
    for (let before = 1; before < count; before++) all.copyWithin(before * count, 0, count);
    return all;
  }

  const sequences = (tokens: number, count: number): number[][] =>
    tokens === 0
      ? [[]]
      : sequences(tokens - 1, count).flatMap((start) =>
          Array.from({ length: count }, (_, tag) => [...start, tag]),
        );

  function score(potentials: Float32Array, count: number, sequence: readonly number[]) {
    return sequence.reduce(
      (sum, tag, token) => sum + potentials[(token * count + (sequence[token - 1] ?? 0)) * count + tag],
      0,
    );
  }

  test('sums over all sequences, scores one, and finds the best: as enumeration does', () => {
    fc.assert(
      fc.property(chains, (chain) => {
        const { tokens, count, padding } = chain;
        const potentials = potentialsOf(chain);
        const all = sequences(tokens, count).map((sequence) => ({
          sequence,
          score: score(potentials, count, sequence),
        }));
        const best = all.reduce((a, b) => (b.score > a.score ? b : a));
        tf.tidy(() => {
          const tensor = tf.tensor4d(potentials, [1, tokens + padding, count, count]);
          const mask = tf.tensor2d([[...Array(tokens).fill(1), ...Array(padding).fill(0)]]);
          const partition = logPartition(tensor, mask).dataSync()[0];
          expect(partition).toBeCloseTo(Math.log(all.reduce((sum, one) => sum + Math.exp(one.score), 0)), 4);
          const chosen = tf.tensor2d([[...best.sequence, ...Array(padding).fill(-1)]], undefined, 'int32');
          expect(sequenceScore(tensor, chosen).dataSync()[0]).toBeCloseTo(best.score, 4);
        });
        expect(score(potentials, count, viterbi(potentials, tokens, count))).toBeCloseTo(best.score, 4);
      }),
      { numRuns: 60 },
    );
  });

  test('has the gradient that differences of the loss have', () => {
    const size = [2, 3, 2, 2];
    const values = Float32Array.from({ length: 24 }, (_, index) => Math.sin(3 * index));
    tf.tidy(() => {
      const mask = tf.tensor2d([
        [1, 1, 1],
        [1, 1, 0],
      ]);
      const chosen = tf.tensor2d(
        [
          [0, 1, 1],
          [1, 0, -1],
        ],
        undefined,
        'int32',
      );
      const loss = (potentials: tf.Tensor) =>
        tf.sum(
          tf.sub(
            logPartition(potentials as tf.Tensor4D, mask),
            sequenceScore(potentials as tf.Tensor4D, chosen),
          ),
        ) as tf.Scalar;
      const gradient = tf.grad(loss)(tf.tensor(values, size)).dataSync();
      for (const [index, slope] of gradient.entries()) {
        const at = (change: number) =>
          loss(
            tf.tensor(
              values.map((value, place) => (place === index ? value + change : value)),
              size,
            ),
          ).dataSync()[0];
        expect(slope).toBeCloseTo((at(0.02) - at(-0.02)) / 0.04, 2);
      }
    });
  });

  test('never predicts what the scheme forbids, whatever the scores', async () => {
    const model = multiTaskModel({
      inputShape: [null, 3],
      trunk: () => [tfl.layers.dense({ units: 8, kernelInitializer: 'randomNormal', useBias: false })],
      sharing: hardSharing(),
      heads: { ner: crf },
      seed: 1,
    });
    const sentences = Array.from({ length: 30 }, (_, sentence) =>
      Float32Array.from(
        { length: 3 * (1 + (sentence % 9)) },
        (_, index) => 9 * Math.sin(sentence + 7 * index),
      ),
    );
    const inputs = model.stack(sentences);
    const { ner } = await model.predict(inputs);
    for (const [sentence, predicted] of ner.entries()) {
      expect(predicted).toHaveLength(1 + (sentence % 9));
      expect(brokenAt('IOB2', predicted)).toBe(-1);
    }
    expect(new Set(ner.flat()).size).toBeGreaterThan(2);
    inputs.dispose();
    model.dispose();
  });

  test('learns from sentences of one token too', () => {
    const layer = new CrfPotentials({
      allowed: {
        first: [1, 1],
        last: [1, 0],
        next: [
          [1, 1],
          [1, 1],
        ],
      },
    });
    tf.tidy(() => {
      const potentials = layer.apply([tf.zeros([1, 1, 2]), tf.ones([1, 1, 4])]) as tf.Tensor4D;
      expect(logPartition(potentials, tf.ones([1, 1])).dataSync()[0]).toBeCloseTo(0, 4);
      const chosen = tf.tensor2d([[0]], undefined, 'int32');
      expect(sequenceScore(potentials, chosen).dataSync()[0]).toBeCloseTo(0, 4);
      const slope = tf.grad((own) => tf.sum(logPartition(own as tf.Tensor4D, tf.ones([1, 1]))))(potentials);
      expect(Array.from(slope.dataSync())[0]).toBeCloseTo(1, 4);
    });
    layer.dispose();
  });

  test('gives a sentence that it forbids next to no probability', () => {
    const [before, tag] = [0, 2];
    expect(tags[tag]).toBe('I-PER');
    const layer = new CrfPotentials({
      allowed: {
        first: [1, 1, 0],
        last: [1, 1, 1],
        next: [
          [1, 1, 0],
          [1, 1, 1],
          [1, 1, 1],
        ],
      },
    });
    tf.tidy(() => {
      const potentials = layer.apply([tf.zeros([1, 2, 3]), tf.ones([1, 2, 4])]) as tf.Tensor4D;
      const partition = logPartition(potentials, tf.ones([1, 2])).dataSync()[0];
      // Of nine pairs, the three that begin with the third tag and the one after the first are none.
      expect(partition).toBeCloseTo(Math.log(5), 4);
      const forbidden = sequenceScore(
        potentials,
        tf.tensor2d([[before, tag]], undefined, 'int32'),
      ).dataSync()[0];
      expect(forbidden).toBeLessThan(-1000);
    });
    layer.dispose();
  });
});

test('the loss of a sentence is that of its tokens, whatever stands behind them', () => {
  tf.tidy(() => {
    const scores = tf.tensor3d([
      [
        [Math.log(3), 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [9, 1, 1, 1, 1],
        [5, 5, 0, 0, 0],
      ],
    ]);
    const [loss] = softmax.losses(scores, softmax.encode([['O', 'B-PER']], context)).dataSync();
    expect(loss).toBeCloseTo(-Math.log(3 / 7) + Math.log(5), 5);
  });
});

test('as many tags are predicted as there are tokens', async () => {
  const scores = tf.tensor3d([
    [
      [0, 1, 0, 0, 0],
      [1, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
    ],
  ]);
  expect(await softmax.decode(scores)).toEqual([['B-PER', 'O']]);
  scores.dispose();
});

describe('labels that cannot be learned are refused by their value', () => {
  test.each([
    [
      ['O', 'B-ORG'],
      /Task "ner": label 0 of the batch has the tag "B-ORG" at token 1; expected one of O, B-PER/,
    ],
    [[], /0 tags; expected 1 to 4/],
    [['O', 'O', 'O', 'O', 'O'], /5 tags; expected 1 to 4/],
    [['O', 'I-PER'], /"I-PER" after "O" at token 1, which IOB2 does not allow.*brokenTags: 'repair'/],
    [['I-PER'], /"I-PER" after the beginning at token 0/],
    [['B-PER', 'I-LOC'], /"I-LOC" after "B-PER"/],
  ])('%j', (label, message) => {
    expect(() => softmax.encode([label], context)).toThrow(message);
    expect(() => crf.encode([label], context)).toThrow(message);
  });

  test('or repaired', () => {
    const repairing = tokenClassification({ tags, scheme: 'IOB2', brokenTags: 'repair' });
    tf.tidy(() => {
      const values = repairing.encode([['O', 'I-PER', 'I-PER', 'I-LOC']], context).dataSync();
      expect(Array.from(values)).toEqual([0, 1, 2, 3]);
    });
  });

  test('tags twice or only one', () => {
    expect(() => tokenClassification({ tags: ['O'] })).toThrow(/at least two/);
    expect(() => crfTokenClassification({ tags: ['O', 'O'] })).toThrow(/all different/);
  });
});

describe('tag schemes', () => {
  const any = fc.array(fc.constantFrom('O', 'B-A', 'I-A', 'E-A', 'S-A', 'B-B', 'I-B', 'E-B', 'S-B'), {
    maxLength: 8,
  });

  test('what is repaired keeps the scheme, and what keeps it stays as it is', () => {
    fc.assert(
      fc.property(any, fc.constantFrom('IOB2' as const, 'BIOES' as const), (sequence, scheme) => {
        const repaired = repairTags(scheme, sequence);
        expect(brokenAt(scheme, repaired)).toBe(-1);
        expect(repairTags(scheme, repaired)).toEqual(repaired);
      }),
    );
  });

  test('BIOES ends what it begins', () => {
    expect(brokenAt('BIOES', ['B-A', 'E-A', 'S-B', 'O'])).toBe(-1);
    expect(brokenAt('BIOES', ['B-A'])).toBe(1);
    expect(brokenAt('BIOES', ['B-A', 'O'])).toBe(1);
    expect(brokenAt('BIOES', ['E-A'])).toBe(0);
    expect(repairTags('BIOES', ['I-A', 'I-A', 'B-B'])).toEqual(['B-A', 'E-A', 'S-B']);
  });
});
