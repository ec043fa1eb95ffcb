import type { Head } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

export type Regression = Head<number, number>;

/**
 * A small head: one number from the last features, by the squared error.
 *
 * @param scale What the loss is multiplied by, as another unit of the labels would do.
 */
export function regression(scale = 1): Regression {
  return {
    kind: 'regression',
    connect: (features, task) =>
      tfl.layers
        .dense({ name: `${task}/value`, units: 1 })
        .apply(features[features.length - 1]!) as tfl.SymbolicTensor,
    encode: (labels) => tf.tensor2d(labels.map((label) => [label ?? 0])),
    losses: (output, target) =>
      tf.tidy(() => tf.mul(tf.squeeze(tf.squaredDifference(output, target), [1]), scale) as tf.Tensor1D),
    decode: async (output) => Array.from(await output.data()),
    metrics: [
      {
        name: 'error',
        better: 'lower',
        compute: (predictions, labels) =>
          predictions.reduce((sum, value, i) => sum + (value - labels[i]!) ** 2, 0) / labels.length,
      },
    ],
  };
}
