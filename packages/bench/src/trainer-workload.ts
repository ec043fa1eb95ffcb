import { type MultiTaskModel, multiTaskModel } from '@espalier/core';
import { sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { adamW, type DataOf } from '@espalier/trainer';
import { classification } from '@espalier/vision-heads';
import * as tfl from '@tensorflow/tfjs-layers';
import { normals } from './numbers.js';

const classes = Array.from({ length: 10 }, (_, index) => String(index));
export const heads = { first: classification({ classes }), second: classification({ classes }) };
export type TwoHeads = typeof heads;

export interface Workload {
  readonly inputShape: readonly number[];
  readonly trunk: () => tfl.layers.Layer[];
  readonly batchSize: number;
  /** Of an epoch. */
  readonly steps: number;
}

/** The steps of `pnpm bench engine` of the same names, for an epoch of some seconds: that of the MLP is as long as MNIST's. */
export const workloads = {
  mlp: {
    inputShape: [784],
    trunk: () => [512, 512].map((units) => tfl.layers.dense({ units, activation: 'relu' })),
    batchSize: 128,
    steps: 470,
  },
  cnn: {
    inputShape: [32, 32, 3],
    trunk: () => [
      ...[32, 64, 128].flatMap((filters) => [
        tfl.layers.conv2d({ filters, kernelSize: 3, padding: 'same', useBias: false }),
        tfl.layers.batchNormalization(),
        tfl.layers.reLU(),
        tfl.layers.maxPooling2d({ poolSize: 2 }),
      ]),
      tfl.layers.globalAveragePooling2d({}),
    ],
    batchSize: 32,
    steps: 100,
  },
} satisfies Record<string, Workload>;

export type WorkloadName = keyof typeof workloads;

export const rules = { optimizer: adamW(), weighting: sum(), seed: 1 };

export function compose({ inputShape, trunk }: Workload): MultiTaskModel<TwoHeads> {
  return multiTaskModel({ inputShape: [...inputShape], trunk, sharing: hardSharing(), heads, seed: 1 });
}

/** Examples that are there already, so that nothing but the trainer is measured. */
export function examples({ inputShape }: Workload, count: number): DataOf<TwoHeads> {
  const normal = normals(1);
  const size = inputShape.reduce((product, length) => product * length, 1);
  const known = Array.from({ length: Math.min(count, 512) }, (_, index) => ({
    input: Float32Array.from({ length: size }, normal),
    labels: { first: index % 10, second: index % 7 },
  }));
  return { length: count, at: (index) => known[index % known.length]! };
}
