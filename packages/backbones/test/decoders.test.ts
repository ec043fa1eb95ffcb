import { multiTaskModel, StageError, type Trunk } from '@espalier/core';
import { sharingConformance } from '@espalier/core/testing';
import { crossStitch, hardSharing, softSharing } from '@espalier/sharing';
import { classification } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { featurePyramid, mobilenetV2, smallCnn, unet } from '../src/index.js';

function shapesOf(trunk: Trunk, inputShape: number[]) {
  let features = tfl.input({ shape: inputShape });
  const shapes = trunk.map((stage) => {
    features = stage.apply(features) as tfl.SymbolicTensor;
    return features.shape.slice(1);
  });
  for (const stage of trunk) stage.dispose();
  return shapes;
}

test('a U-Net ends as large as the picture, of odd sides too', () => {
  const channels = [32, 16, 16, 8, 8];
  expect(shapesOf(unet({ encoder: mobilenetV2(), channels }), [70, 101, 3]).slice(5)).toEqual([
    [5, 7, 32],
    [9, 13, 16],
    [18, 26, 16],
    [35, 51, 8],
    [70, 101, 8],
  ]);
});

test('a feature pyramid has levels of the same channels, from coarse to fine', () => {
  const trunk = featurePyramid({ backbone: mobilenetV2(), levels: 3, channels: 24 });
  expect(shapesOf(trunk, [96, 64, 3]).slice(5)).toEqual([
    [3, 2, 24],
    [6, 4, 24],
    [12, 8, 24],
  ]);
});

test('a level of the pyramid is the coarser one, repeated, and the projected features of its own size', () => {
  const input = tfl.input({ shape: [4, 4, 1] });
  const pool = tfl.layers.averagePooling2d({ poolSize: 2 });
  const trunk = featurePyramid({ backbone: [pool], levels: 2, channels: 1 });
  let output = input;
  for (const stage of trunk) output = stage.apply(output) as tfl.SymbolicTensor;
  // 1 × 1 and 3 × 3 kernels, each the identity times a factor, and biases.
  const centre = (factor: number) => tf.tensor4d([0, 0, 0, 0, factor, 0, 0, 0, 0], [3, 3, 1, 1]);
  const [lateral, smooth] = [tf.tensor4d([2], [1, 1, 1, 1]), centre(3)];
  trunk[1].setWeights([lateral, tf.tensor1d([0]), smooth, tf.tensor1d([0])]);
  trunk[2].setWeights([lateral, tf.tensor1d([1]), smooth, tf.tensor1d([0])]);
  const network = tfl.model({ inputs: input, outputs: output });
  const picture = tf.range(0, 16);
  const level = network.predict(tf.reshape(picture, [1, 4, 4, 1])) as tf.Tensor;
  const mean = (row: number, column: number) => 8 * Math.floor(row / 2) + 2 * Math.floor(column / 2) + 2.5;
  const expected = Array.from({ length: 16 }, (_, place) => {
    const [row, column] = [Math.floor(place / 4), place % 4];
    return 3 * (6 * mean(row, column) + 2 * place + 1);
  });
  expect([...level.dataSync()]).toEqual(expected);
});

describe.each([
  ['U-Net', () => unet({ encoder: smallCnn({ channels: [2, 3] }), channels: [3, 2] })],
  [
    'feature pyramid',
    () => featurePyramid({ backbone: smallCnn({ channels: [2, 3] }), levels: 2, channels: 2 }),
  ],
])('%s', (_, trunk) => {
  for (const sharing of [hardSharing(), softSharing({ penalty: 'squared-distance', weight: 0.01 })]) {
    for (const check of sharingConformance({ sharing, trunk, inputShape: [5, 8, 1] })) {
      test(`${sharing.kind}: ${check.name}`, check.run);
    }
  }
});

const heads = {
  one: classification({ classes: ['a', 'b'] }),
  other: classification({ classes: ['a', 'b'] }),
};

test('a decoder that cannot find its way back says so', () => {
  const compose = (trunk: () => Trunk, sharing = hardSharing()) =>
    multiTaskModel({ inputShape: [8, 8, 1], trunk, sharing, heads, seed: 1 });
  const encoder = () => smallCnn({ channels: [2] });
  expect(() => compose(() => unet({ encoder: encoder(), channels: [2, 2] }))).toThrow(StageError);
  expect(() => compose(() => unet({ encoder: encoder(), channels: [2, 2] }))).toThrow(
    /"up1".*no map in front.*higher than its own, \[batch, 8, 8, 2\]/,
  );
  const deep = () => unet({ encoder: smallCnn({ channels: [2, 2] }), channels: [2] });
  expect(() => compose(deep, crossStitch())).toThrow(/"up0"|up0.*cannot tell which of 2 maps/);
});
