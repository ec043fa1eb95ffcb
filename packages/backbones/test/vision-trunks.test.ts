import { multiTaskModel, seededRandom, type Trunk } from '@espalier/core';
import { sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { adamW, constant, fit } from '@espalier/trainer';
import { classification, detection } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { efficientNetLite0, mobilenetV2, resnet18, resnet34, resnet50, smallCnn } from '../src/index.js';

const trunks: Record<string, { make: () => Trunk; channels: number[]; parameters: number }> = {
  // The parameters are those of the originals without their classifiers.
  'ResNet-18': { make: resnet18, channels: [64, 64, 128, 256, 512], parameters: 11_176_512 },
  'ResNet-34': { make: resnet34, channels: [64, 64, 128, 256, 512], parameters: 21_284_672 },
  'ResNet-50': { make: resnet50, channels: [64, 256, 512, 1024, 2048], parameters: 23_508_032 },
  MobileNetV2: { make: mobilenetV2, channels: [16, 24, 32, 96, 1280], parameters: 2_223_872 },
  'EfficientNet-Lite0': { make: efficientNetLite0, channels: [16, 24, 40, 112, 1280], parameters: 3_371_008 },
};

describe.each(Object.entries(trunks))('%s', (_, { make, channels, parameters }) => {
  test('has a stage for every stride, takes any size, and has the parameters of the original', () => {
    let features = tfl.input({ shape: [70, 100, 3] });
    const stages = make();
    const shapes = stages.map((stage) => {
      features = stage.apply(features) as tfl.SymbolicTensor;
      return features.shape.slice(1);
    });
    expect(shapes).toEqual(
      channels.map((count, index) => [
        Math.ceil(70 / 2 ** (index + 1)),
        Math.ceil(100 / 2 ** (index + 1)),
        count,
      ]),
    );
    const trainable = stages
      .flatMap((stage) => stage.trainableWeights)
      .reduce(
        (total, { shape }) => total + shape.reduce<number>((product, size) => product * (size ?? 1), 1),
        0,
      );
    expect(trainable).toBe(parameters);
    for (const stage of stages) stage.dispose();
  });
});

const learned: [string, () => Trunk][] = [
  ['ResNet-18', resnet18],
  ['MobileNetV2', mobilenetV2],
  ['small CNN', smallCnn],
];

test.each(learned)(
  '%s learns two tasks with hard sharing, the same from the same seed, without a leak',
  async (_, make) => {
    const before = tf.memory().numTensors;
    const losses = [await train(make), await train(make)];
    expect(losses[0]).toEqual(losses[1]);
    expect(losses[0].at(-1)).toBeLessThan(losses[0][0]);
    expect(tf.memory().numTensors).toBe(before);
  },
);

/** The loss of classification at every step on four pictures of random colours. */
async function train(trunk: () => Trunk): Promise<number[]> {
  const model = multiTaskModel({
    inputShape: [32, 32, 3],
    trunk,
    sharing: hardSharing(),
    heads: {
      colour: classification({ classes: ['dark', 'bright'] }),
      spots: detection({ classes: ['spot'], channels: 4 }),
    },
    seed: 3,
  });
  const random = seededRandom(1);
  const examples = Array.from({ length: 4 }, (_, index) => ({
    input: Float32Array.from({ length: 32 * 32 * 3 }, () => (index % 2 ? 1 : -1) * random()),
    labels: { colour: index % 2, spots: [{ x: 0.2, y: 0.2, width: 0.5, height: 0.5, class: 0 }] },
  }));
  const records = await fit(model, {
    data: { length: examples.length, at: (index) => examples[index] },
    epochs: 4,
    batchSize: 4,
    optimizer: adamW(),
    schedule: constant(1e-3),
    weighting: sum(),
    seed: 1,
  });
  model.dispose();
  return records.map(({ losses }) => (losses.colour ?? Number.NaN) + (losses.spots ?? Number.NaN));
}
