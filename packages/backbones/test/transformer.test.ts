import { readFile } from 'node:fs/promises';
import { readSafetensors, StageError, type Trunk, WeightsError } from '@espalier/core';
import { sharingConformance } from '@espalier/core/testing';
import { crossStitch, hardSharing } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import {
  bert,
  huggingFaceBert,
  huggingFaceBertWithHead,
  loadWeights,
  TransformerLayer,
  transformerEncoder,
  type WeightLayout,
} from '../src/index.js';
import { rotary } from '../src/text/rotary.js';

const read = async (file: string) =>
  readSafetensors(await readFile(new URL(`reference/${file}.safetensors`, import.meta.url))).tensors;

const tensorOf = ({ shape, values }: { shape: readonly number[]; values: Float32Array }) =>
  tf.tensor(values, [...shape]);

const differenceOf = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0];

const run = (trunk: Trunk, input: tf.Tensor) =>
  trunk.reduce((features: tf.Tensor, stage) => stage.apply(features) as tf.Tensor, input);

const size = { words: 20, units: 16, layers: 2, heads: 4, inner: 24, longest: 9 };
const layouts: [string, WeightLayout][] = [
  ['bert', huggingFaceBert],
  ['bert-with-head', huggingFaceBertWithHead],
];

describe.each(layouts)('weights of transformers in the file %s', (file, layout) => {
  test('give the features of transformers', async () => {
    const weights = new Map(await read(file));
    weights.delete('classifier.weight');
    weights.delete('classifier.bias');
    const { words, segments, features } = Object.fromEntries(await read(`${file}-features`));
    const trunk = loadWeights(bert(size), weights, layout);
    tf.tidy(() => {
      const numbers = tf.stack([tensorOf(words), tensorOf(segments)], 2);
      const expected = tensorOf(features);
      expect(tf.max(tf.abs(expected)).dataSync()[0]).toBeGreaterThan(1);
      expect(differenceOf(run(trunk, numbers), expected)).toBeLessThan(1e-4);
    });
  });
});

test('a vocabulary that does not match the weights is refused by name and shape', async () => {
  const weights = await read('bert');
  const load = () => loadWeights(bert({ ...size, words: 21 }), weights, huggingFaceBert);
  expect(load).toThrow(WeightsError);
  expect(load).toThrow(/embeddings\.word_embeddings\.weight is \[20, 16\] there and has to be \[21, 16\]/);
  expect(() => loadWeights(bert({ ...size, layers: 3 }), weights, huggingFaceBert)).toThrow(
    /16 missing \(encoder\.layer\.2\.attention\.self\.query\.weight/,
  );
});

test('a layer with the norm in front computes what PyTorch computes', async () => {
  const tensors = await read('transformer');
  const layer = new TransformerLayer({ heads: 2, inner: 12 });
  tf.tidy(() => {
    const own = (name: string) => tensorOf(tensors.get(name)!);
    const texts = own('texts');
    layer.apply(texts);
    const [query, key, value] = tf.split(own('self_attn.in_proj_weight'), 3, 0);
    const [queryBias, keyBias, valueBias] = tf.split(own('self_attn.in_proj_bias'), 3, 0);
    layer.setWeights([
      ...[tf.transpose(query), queryBias, tf.transpose(key), keyBias, tf.transpose(value), valueBias],
      ...[tf.transpose(own('self_attn.out_proj.weight')), own('self_attn.out_proj.bias')],
      ...[own('norm1.weight'), own('norm1.bias')],
      ...[tf.transpose(own('linear1.weight')), own('linear1.bias')],
      ...[tf.transpose(own('linear2.weight')), own('linear2.bias')],
      ...[own('norm2.weight'), own('norm2.bias')],
    ]);
    expect(differenceOf(layer.apply(texts) as tf.Tensor, own('features'))).toBeLessThan(1e-5);
  });
  layer.dispose();
});

test('tokens are turned as Llama turns them', async () => {
  const tensors = await read('transformer');
  tf.tidy(() => {
    const turned = rotary(tensorOf(tensors.get('queries')!) as tf.Tensor4D);
    expect(differenceOf(turned, tensorOf(tensors.get('turned')!))).toBeLessThan(1e-5);
  });
});

describe.each(['rotary', { learned: 6 }] as const)('an encoder with positions %j', (positions) => {
  const encoder = () => transformerEncoder({ layers: 2, heads: 2, inner: 8, positions });

  test('reads a text the same, however much padding is behind it, and leaves that zero', () => {
    const trunk = encoder();
    tf.tidy(() => {
      const text = tf.randomNormal([1, 3, 4], 0, 1, 'float32', 4);
      const alone = run(trunk, text);
      const padded = run(
        trunk,
        tf.pad(text, [
          [0, 0],
          [0, 2],
          [0, 0],
        ]),
      );
      expect(differenceOf(tf.slice(padded, [0, 0, 0], [1, 3, 4]), alone)).toBeLessThan(1e-5);
      expect(tf.max(tf.abs(tf.slice(padded, [0, 3, 0]))).dataSync()[0]).toBe(0);
    });
  });

  test('tells words in another order from each other', () => {
    const trunk = encoder();
    tf.tidy(() => {
      const text = tf.randomNormal([1, 4, 4], 0, 1, 'float32', 4);
      const turned = tf.reverse(run(trunk, tf.reverse(text, 1)), 1);
      expect(differenceOf(run(trunk, text), turned)).toBeGreaterThan(1e-3);
    });
  });
});

test('a text that is too long for the places that were learned is refused', () => {
  const trunk = transformerEncoder({ layers: 1, heads: 2, inner: 8, positions: { learned: 6 } });
  expect(() => tf.tidy(() => run(trunk, tf.ones([1, 7, 4])))).toThrow(StageError);
  expect(() => tf.tidy(() => run(trunk, tf.ones([1, 7, 4])))).toThrow(
    /texts of up to 6 tokens; one has 7\. Cut it, split it into windows/,
  );
  expect(() => new TransformerLayer({ heads: 3, inner: 8 }).apply(tf.ones([1, 7, 4]))).toThrow(
    /3 heads, which cannot share 4 channels/,
  );
});

describe.each([
  ['hard sharing', hardSharing()],
  ['cross-stitch', crossStitch()],
])('a Transformer under %s', (_, sharing) => {
  const trunk = () => [
    tfl.layers.dense({ units: 4, useBias: false }),
    ...transformerEncoder({ layers: 1, heads: 2, inner: 8, positions: { learned: 3 } }),
  ];
  for (const { name, run: check } of sharingConformance({ sharing, trunk, inputShape: [3, 4] }))
    test(name, check);
});
