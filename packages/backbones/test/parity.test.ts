import { readFile } from 'node:fs/promises';
import { readSafetensors, type Trunk } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import {
  efficientNetLite0,
  kerasMobilenetV2,
  kerasResNet,
  loadWeights,
  mobilenetV2,
  resnet18,
  resnet50,
  timmMobile,
  torchvisionMobilenetV2,
  torchvisionResNet,
  type WeightLayout,
} from '../src/index.js';
import { formula, pictures } from './formula.js';

const networks: [string, () => Trunk, WeightLayout][] = [
  ['torchvision-resnet18', resnet18, torchvisionResNet],
  ['torchvision-resnet50', resnet50, torchvisionResNet],
  ['torchvision-mobilenet-v2', mobilenetV2, torchvisionMobilenetV2],
  ['timm-efficientnet-lite0', efficientNetLite0, timmMobile],
  ['keras-mobilenet-v2', () => mobilenetV2({ variant: 'keras' }), kerasMobilenetV2],
  ['keras-resnet50', () => resnet50({ variant: 'keras' }), kerasResNet],
];

test.each(networks)('with the same weights, the features are those of %s', async (name, make, layout) => {
  const { metadata, tensors } = readSafetensors(
    await readFile(new URL(`reference/${name}.safetensors`, import.meta.url)),
  );
  const shapes: Record<string, number[]> = JSON.parse(metadata.weights);
  const weights = new Map(
    Object.entries(shapes).map(([weight, shape]) => [weight, formula(weight, shape, layout.kernels)]),
  );
  const trunk = loadWeights(make(), weights, layout);

  const { shape, values } = pictures();
  const input = tfl.input({ shape: shape.slice(1) });
  const output = trunk.reduce((features, stage) => stage.apply(features) as tfl.SymbolicTensor, input);
  const network = tfl.model({ inputs: input, outputs: output });
  const inputs = tf.tensor(values, [...shape]);
  const features = network.predict(inputs) as tf.Tensor;
  const expected = tensors.get('features')!;
  expect(features.shape).toEqual(expected.shape);
  const own = await features.data();
  const differences = expected.values.map((value, index) => Math.abs(value - own[index]));
  const largest = Math.max(...expected.values.map(Math.abs));
  expect(largest).toBeGreaterThan(0.3);
  expect(Math.max(...differences)).toBeLessThan(1e-4);
  tf.dispose([inputs, features]);
  network.dispose();
});
