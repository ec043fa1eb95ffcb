import { type Heads, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import { aggregators, weightings } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { adamW, constant } from '@espalier/trainer';
import type { GridTask } from '@espalier/trainer/node';
import * as tfl from '@tensorflow/tfjs-layers';
import { heads, points, type SideHeads } from './small-task.js';

/** A grid of the small task: for a seed 2 single tasks, 5 fixed weights and a method for each aggregator. */
export const smallGrid: GridTask<SideHeads> = {
  heads,
  compose: composeWith(4),
  sharings: { hard: hardSharing() },
  weightings: { uncertainty: weightings.uncertaintyRevised() },
  aggregators: { none: undefined, upGrad: aggregators.upGrad() },
  seeds: [1],
  train: points(64, 1),
  validation: points(20, 2),
  test: points(20, 3),
  epochs: 2,
  batchSize: 16,
  schedule: constant(0.02),
  optimizer: adamW(),
};

/** Networks with so many units in their trunk. */
export function composeWith(units: number): GridTask<SideHeads>['compose'] {
  return <Own extends Heads>(
    own: Own,
    { sharing, seed }: Parameters<GridTask<Own>['compose']>[1],
  ): MultiTaskModel<Own> =>
    multiTaskModel({
      inputShape: [2],
      trunk: () => [tfl.layers.dense({ units, activation: 'tanh' })],
      sharing,
      heads: own,
      seed,
    });
}
