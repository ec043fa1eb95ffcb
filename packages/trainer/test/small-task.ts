import { type ExampleOf, type Head, type MultiTaskModel, multiTaskModel, seededRandom } from '@espalier/core';
import { hardSharing } from '@espalier/sharing';
import type { DataOf } from '@espalier/trainer';
import { classification } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/** Regression of one number. */
function regression(): Head<number, number> {
  return {
    kind: 'regression',
    connect: (features, task) =>
      tfl.layers.dense({ name: task, units: 1 }).apply(features[features.length - 1]) as tfl.SymbolicTensor,
    encode: (labels) => tf.tensor2d(labels.map((label) => [label ?? 0])),
    losses: (output, target) =>
      tf.tidy(() => tf.squeeze(tf.squaredDifference(output, target), [1]) as tf.Tensor1D),
    decode: async (output) => Array.from(await output.data()),
    metrics: [
      {
        name: 'error',
        better: 'lower',
        compute: (predictions, labels) =>
          predictions.reduce((sum, value, index) => sum + Math.abs(value - labels[index]), 0) / labels.length,
      },
    ],
  };
}

/** Points of a plane: on which side of a line, and how far from it. */
export const heads = { side: classification({ classes: ['left', 'right'] }), distance: regression() };
export type SideHeads = typeof heads;

export function compose(seed = 1, dropout = 0, units = 16): MultiTaskModel<SideHeads> {
  return composeOf(
    () => [tfl.layers.dense({ units, activation: 'tanh' }), tfl.layers.dropout({ rate: dropout })],
    seed,
  );
}

/** The same with another trunk. */
export function composeOf(trunk: () => tfl.layers.Layer[], seed = 1): MultiTaskModel<SideHeads> {
  return multiTaskModel({ inputShape: [2], trunk, sharing: hardSharing(), heads, seed });
}

/** A layer whose weights add a penalty to the loss. */
export const regularizedDense = (units: number, l2: number) =>
  tfl.layers.dense({ units, activation: 'tanh', kernelRegularizer: tfl.regularizers.l2({ l2 }) });

export function points(count: number, seed: number, labelled = (_: number) => true): DataOf<SideHeads> {
  const random = seededRandom(seed);
  const examples = Array.from({ length: count }, (_, index): ExampleOf<SideHeads> => {
    const [x, y] = [2 * random() - 1, 2 * random() - 1];
    const distance = x + 0.5 * y;
    const labels = { side: Number(distance > 0), distance: labelled(index) ? distance : undefined };
    return { input: Float32Array.of(x, y), labels };
  });
  return { length: count, at: (index) => examples[index] };
}
