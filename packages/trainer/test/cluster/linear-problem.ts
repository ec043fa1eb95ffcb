import { type Head, type MultiTaskModel, multiTaskModel, seededRandom } from '@espalier/core';
import { sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { constant, type DataOf, sgd } from '@espalier/trainer';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

/** The loss is the output times the label, and the output a product of shared weights with the input. */
function product(): Head<number, number> {
  return {
    kind: 'product',
    connect: (features, task) =>
      tfl.layers
        .activation({ name: task, activation: 'linear' })
        .apply(features[features.length - 1]) as tfl.SymbolicTensor,
    encode: (labels) => tf.tensor2d(labels.map((label) => [label ?? 0])),
    losses: (output, target) => tf.tidy(() => tf.squeeze(tf.mul(output, target), [1]) as tf.Tensor1D),
    decode: async (output) => Array.from(await output.data()),
    metrics: [{ name: 'mean', better: 'lower', compute: ([first]) => first }],
  };
}

const heads = { first: product(), second: product() };
export type ProductHeads = typeof heads;

export function composeLinear(): MultiTaskModel<ProductHeads> {
  const trunk = () => [tfl.layers.dense({ units: 1, useBias: false })];
  return multiTaskModel({ inputShape: [2], trunk, sharing: hardSharing(), heads, seed: 1 });
}

const random = seededRandom(5);
const number = () => 2 * random() - 1;
const examples = Array.from({ length: 60 }, () => ({
  input: Float32Array.of(number(), number()),
  labels: { first: number(), second: number() },
}));

export const linearData: DataOf<ProductHeads> = { length: examples.length, at: (index) => examples[index] };

export const linearOptions = () => ({
  data: linearData,
  batchSize: 6,
  schedule: constant(0.1),
  optimizer: sgd(),
  weighting: sum(),
  seed: 3,
});

/**
 * The weights after so many epochs: an example's gradients are the same whatever the weights are. So they tell whether
 * each was used once an epoch, in whatever order and by whatever weights.
 */
export function weightsAfter(epochs: number, first: ArrayLike<number>): number[] {
  const { batchSize, schedule } = linearOptions();
  const rate = schedule(0, 1, 1) / batchSize;
  return Array.from(first, (weight, place) =>
    examples.reduce(
      (sum, { input, labels }) => sum - epochs * rate * input[place] * (labels.first + labels.second),
      weight,
    ),
  );
}
