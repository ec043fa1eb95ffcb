/** A problem that is learned in an instant, for the programs of READMEs and pages: two questions about a point. */
import { type Heads, multiTaskModel } from '@espalier/core';
import { sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { adamW, constant, type DataOf } from '@espalier/trainer';
import { classification } from '@espalier/vision-heads';
import * as tfl from '@tensorflow/tfjs-layers';

export const heads = {
  side: classification({ classes: ['left', 'right'] }),
  ring: classification({ classes: ['inside', 'outside'] }),
};

function points(count: number, turn: number): DataOf<typeof heads> {
  return {
    length: count,
    at(index) {
      const [x, y] = [Math.cos(index + turn) * (index % 3), Math.sin(index + turn) * (index % 3)];
      return { input: Float32Array.of(x, y), labels: { side: Number(x > 0), ring: Number(index % 3 > 1) } };
    },
  };
}

export { hardSharing };

export const data = points(24, 0);
export const heldOut = points(12, 0.5);
export const examples = Array.from({ length: data.length }, (_, index) => data.at(index));

export const compose = <H extends Heads>(own: H, seed = 1) =>
  multiTaskModel({
    inputShape: [2],
    trunk: () => [tfl.layers.dense({ name: 'hidden', units: 4, activation: 'tanh' })],
    sharing: hardSharing(),
    heads: own,
    seed,
  });
export const model = compose(heads);

export const options = {
  data,
  epochs: 2,
  batchSize: 8,
  optimizer: adamW(),
  schedule: constant(0.01),
  weighting: sum(),
  seed: 1,
};
