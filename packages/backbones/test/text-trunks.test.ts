import { biLstm, textConvolution, tokenEmbedding } from '@espalier/backbones';
import { configOf, layerFromConfig } from '@espalier/core';
import { sharingConformance } from '@espalier/core/testing';
import { crossStitch, hardSharing } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';

const embedding = () =>
  tokenEmbedding({ words: 9, units: 4, characters: { characters: 6, units: 3, filters: 5 } });

/** Three sentences of 4, 2 and 1 tokens, with up to three characters each. */
const numbers = () =>
  tf.tensor3d([
    [
      [2, 1, 2, 3],
      [3, 1, 0, 0],
      [9, 6, 5, 0],
      [1, 4, 0, 0],
    ],
    [
      [4, 2, 2, 0],
      [5, 3, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ],
    [
      [2, 1, 2, 3],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ],
  ]);

describe('token embedding', () => {
  test('gives equal tokens equal vectors, and padding zero', () => {
    const layer = embedding();
    tf.tidy(() => {
      const features = (layer.apply(numbers()) as tf.Tensor3D).arraySync();
      expect(features[0][0]).toHaveLength(9);
      expect(features[0][0]).toEqual(features[2][0]);
      expect(features[0][0]).not.toEqual(features[0][1]);
      expect(features[1][2].every((value) => value === 0)).toBe(true);
    });
    layer.dispose();
  });

  test('spells a word the same, however many characters are behind it', () => {
    const layer = embedding();
    tf.tidy(() => {
      const short = (layer.apply(tf.tensor3d([[[2, 1, 2, 3]]])) as tf.Tensor).dataSync();
      const long = (layer.apply(tf.tensor3d([[[2, 1, 2, 3, 0, 0, 0]]])) as tf.Tensor).dataSync();
      expect(Array.from(long)).toEqual(Array.from(short));
    });
    layer.dispose();
  });

  test('works without characters, and takes words for unknown ones in training only', () => {
    const layer = tokenEmbedding({ words: 9, units: 4, wordDropout: 0.5 });
    tf.tidy(() => {
      const words = tf.tensor3d([Array.from({ length: 200 }, () => [7])]);
      const rows = (training: boolean) =>
        new Set((layer.apply(words, { training }) as tf.Tensor3D).arraySync()[0].map((row) => row.join(' ')));
      expect(rows(false).size).toBe(1);
      expect(rows(true).size).toBe(2);
    });
    layer.dispose();
  });
});

describe('a token embedding of subwords', () => {
  const layer = () =>
    tokenEmbedding({
      words: 3,
      units: 2,
      characters: { characters: 4, units: 3, filters: 5 },
      subwords: { subwords: 5, columns: 3, units: 4 },
    });
  /** Tokens with a word, two characters, and up to three subwords. */
  const tokens = () =>
    tf.tensor3d([
      [
        [2, 1, 2, 5, 0, 0],
        [2, 1, 2, 4, 0, 0],
        [2, 1, 2, 5, 4, 0],
        [2, 1, 2, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
      ],
    ]);

  test('has the mean of their vectors behind word and characters; so does a copy', () => {
    const own = layer();
    const { className, config } = configOf(own);
    const copy = layerFromConfig({ className, config: { ...config, name: 'copy' } }, 'copy');
    tf.tidy(() => {
      const [features] = (own.apply(tokens()) as tf.Tensor3D).arraySync();
      copy.apply(tokens());
      copy.setWeights(own.getWeights());
      const [five, four, both, none, padding] = features.map((row) => row.slice(2 + 5));
      expect(five).toHaveLength(4);
      for (const [place, value] of both.entries())
        expect(value).toBeCloseTo((five[place] + four[place]) / 2, 6);
      expect(none).toEqual([0, 0, 0, 0]);
      expect(padding).toEqual([0, 0, 0, 0]);
      expect(features[0].slice(0, 7)).toEqual(features[3].slice(0, 7));
      expect((copy.apply(tokens()) as tf.Tensor3D).arraySync()).toEqual([features]);
      expect(own.computeOutputShape([null, 5, 6])).toEqual([null, 5, 11]);
    });
    own.dispose();
    copy.dispose();
  });

  test('learns the vectors of the subwords that occur', () => {
    const own = layer();
    tf.tidy(() => {
      own.apply(tokens());
      const table = own.getWeights().length - 1;
      const variables = own.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const { grads } = tf.variableGrads(
        () => tf.sum(own.apply(tokens()) as tf.Tensor) as tf.Scalar,
        variables,
      );
      const rows = (grads[variables[table].name] as tf.Tensor2D).arraySync();
      expect(rows.map((row) => row.some((value) => value !== 0))).toEqual([
        false,
        false,
        false,
        false,
        true,
        true,
      ]);
    });
    own.dispose();
  });
});

describe('a token embedding with pretrained vectors', () => {
  const vectors = new Map([
    [3, Float32Array.of(1, 2, 3)],
    [5, Float32Array.of(-1, 0.5, 8)],
  ]);

  test('begins with them, and draws the others; so does a copy', () => {
    const layer = tokenEmbedding({ words: 6, units: 3, pretrained: vectors });
    const { className, config } = configOf(layer);
    const copy = layerFromConfig({ className, config: { ...config, name: 'copy' } }, 'copy');
    tf.tidy(() => {
      for (const own of [layer, copy]) {
        const [rows] = (own.apply(tf.tensor3d([[[3], [5], [4], [0]]])) as tf.Tensor3D).arraySync();
        expect(rows.slice(0, 2)).toEqual([
          [1, 2, 3],
          [-1, 0.5, 8],
        ]);
        expect(rows[2].every((value) => value !== 0 && Math.abs(value) <= 1)).toBe(true);
        expect(rows[3].every((value) => value === 0)).toBe(true);
      }
    });
  });

  test('refuses vectors of another length, and of words that are none', () => {
    const build = (pretrained: Map<number, Float32Array>) => () =>
      tokenEmbedding({ name: 'words', words: 6, units: 3, pretrained }).build();
    expect(build(new Map([[2, Float32Array.of(1)]]))).toThrow(
      /Stage "words": has a pretrained vector of length 1 for word 2; expected length 3, and words 1 to 6/,
    );
    for (const number of [0, 7]) {
      expect(build(new Map([[number, new Float32Array(3)]]))).toThrow(new RegExp(`for word ${number}`));
    }
  });
});

describe('BiLSTM', () => {
  test('computes what Keras’ bidirectional LSTM computes', () => {
    const [ours, theirs] = [
      biLstm({ units: 3 }),
      tfl.layers.bidirectional({
        layer: tfl.layers.lstm({
          units: 3,
          returnSequences: true,
          recurrentActivation: 'sigmoid',
        }) as tfl.RNN,
        mergeMode: 'concat',
      }),
    ];
    tf.tidy(() => {
      const input = tf.randomNormal([2, 5, 4], 0, 1, 'float32', 3);
      const expected = theirs.apply(input) as tf.Tensor;
      ours.apply(input);
      // Keras has the gates in another order, and the one that remembers in its bias.
      const weights = theirs.getWeights().map((weight, place) => {
        const [i, f, c, o] = tf.split(weight, 4, -1);
        return tf.concat([i, place % 3 === 2 ? tf.sub(f, 1) : f, o, c], -1);
      });
      ours.setWeights(weights);
      const difference = tf.max(tf.abs(tf.sub(ours.apply(input) as tf.Tensor, expected))).dataSync()[0];
      expect(difference).toBeLessThan(1e-6);
    });
    ours.dispose();
    theirs.dispose();
  });

  test('reads a text the same, however much padding is behind it, and leaves that zero', () => {
    const layer = biLstm({ units: 3 });
    tf.tidy(() => {
      const text = tf.randomNormal([1, 3, 4], 0, 1, 'float32', 4);
      const alone = (layer.apply(text) as tf.Tensor3D).arraySync()[0];
      const padded = (
        layer.apply(
          tf.pad(text, [
            [0, 0],
            [0, 2],
            [0, 0],
          ]),
        ) as tf.Tensor3D
      ).arraySync()[0];
      for (const [token, row] of alone.entries()) {
        for (const [unit, value] of row.entries()) expect(padded[token][unit]).toBeCloseTo(value, 6);
      }
      expect(
        padded
          .slice(3)
          .flat()
          .every((value) => value === 0),
      ).toBe(true);
    });
    layer.dispose();
  });
});

test('a text convolution reads a text the same, however much padding is behind it', () => {
  const layer = textConvolution({ filters: 3, width: 3 });
  tf.tidy(() => {
    const text = tf.randomNormal([1, 3, 4], 0, 1, 'float32', 4);
    const alone = (layer.apply(text) as tf.Tensor3D).arraySync()[0];
    const padding: [number, number][] = [
      [0, 0],
      [0, 2],
      [0, 0],
    ];
    layer.setWeights([layer.getWeights()[0], tf.tensor1d([1, 2, 3])]);
    const biased = (layer.apply(text) as tf.Tensor3D).arraySync()[0];
    const padded = (layer.apply(tf.pad(text, padding)) as tf.Tensor3D).arraySync()[0];
    expect(alone.flat().some((value) => value > 0)).toBe(true);
    for (const [token, row] of biased.entries()) {
      for (const [unit, value] of row.entries()) expect(padded[token][unit]).toBeCloseTo(value, 5);
    }
    expect(
      padded
        .slice(3)
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
  });
  layer.dispose();
});

describe.each([
  ['hard sharing', hardSharing()],
  ['cross-stitch', crossStitch()],
])('a text trunk under %s', (_, sharing) => {
  const trunk = () => [
    tfl.layers.dense({ units: 4, useBias: false }),
    biLstm({ units: 2 }),
    biLstm({ units: 2 }),
  ];
  for (const { name, run } of sharingConformance({ sharing, trunk, inputShape: [3, 4] })) test(name, run);
});
