import { type Head, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import { hardSharing } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/** Regression of one number. */
const regression: Head<number, number> = {
  kind: 'regression',
  connect: (features, task) =>
    tfl.layers
      .dense({ name: `${task}/value`, units: 1 })
      .apply(features[features.length - 1]) as tfl.SymbolicTensor,
  encode: (labels) => tf.tensor2d(labels.map((label) => [label ?? 0])),
  losses: (output, target) =>
    tf.tidy(() => tf.squeeze(tf.squaredDifference(output, target), [1]) as tf.Tensor1D),
  decode: async (output) => Array.from(await output.data()),
  metrics: [
    {
      name: 'mean squared error',
      better: 'lower',
      compute: (predictions, labels) =>
        predictions.reduce((sum, value, index) => sum + (value - labels[index]) ** 2, 0) / labels.length,
    },
  ],
};

export const heads = {
  a0: regression,
  a1: regression,
  b0: regression,
  b1: regression,
  c0: regression,
  c1: regression,
};
export type Task = keyof typeof heads;
export const tasks = Object.keys(heads) as Task[];

/** One shared layer and a linear head a task. */
export function compose(inputs: number, seed: number): MultiTaskModel<typeof heads> {
  return multiTaskModel({
    inputShape: [inputs],
    trunk: () => [tfl.layers.dense({ name: 'hidden', units: 32, activation: 'tanh' })],
    sharing: hardSharing(),
    heads,
    seed,
  });
}
