import { multiTaskModel, seededRandom } from '@espalier/core';
import { aggregators, sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { adamW, warmupCosine } from '@espalier/trainer';
import { classification } from '@espalier/vision-heads';
import * as tfl from '@tensorflow/tfjs-layers';
import { defineExperiment } from 'espalier';

function points(count: number, seed: number) {
  const random = seededRandom(seed);
  const examples = Array.from({ length: count }, () => {
    const [x, y] = [2 * random() - 1, 2 * random() - 1];
    return {
      input: Float32Array.of(x, y),
      labels: { side: Number(x > 0), ring: Number(x * x + y * y > 0.6) },
    };
  });
  return { length: count, at: (index: number) => examples[index] };
}

/** Points of a square: in which half, and within which circle. */
export default defineExperiment({
  name: 'points',
  heads: {
    side: classification({ classes: ['left', 'right'] }),
    ring: classification({ classes: ['inside', 'outside'] }),
  },
  compose: (heads, { sharing, seed }) =>
    multiTaskModel({
      inputShape: [2],
      trunk: () => [tfl.layers.dense({ units: 8, activation: 'tanh' })],
      sharing,
      heads,
      seed,
    }),
  sharing: hardSharing(),
  weighting: sum(),
  data: ({ seed }) => ({
    train: points(60, seed),
    validation: points(40, seed + 1),
    test: points(40, seed + 2),
  }),
  epochs: 2,
  batchSize: 20,
  optimizer: adamW(),
  schedule: warmupCosine(0.02),
  grid: { aggregators: { none: undefined, upGrad: aggregators.upGrad() }, seeds: [1, 2] },
});
