import { type Heads, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import { aggregators, sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import * as tfl from '@tensorflow/tfjs-layers';
import type { GridTask } from '../../src/grid/run-job.js';
import { adamW } from '../../src/optimizers/adam-w.js';
import { constant } from '../../src/schedule.js';
import { heads, points, type SideHeads } from '../small-task.js';

/** Sixty networks, each a moment's work: 6 seeds × (2 single tasks + 5 fixed weights + 3 methods). */
export const grid: GridTask<SideHeads> = {
  heads,
  compose: <Own extends Heads>(
    own: Own,
    { sharing, seed }: Parameters<GridTask<Own>['compose']>[1],
  ): MultiTaskModel<Own> =>
    multiTaskModel({
      inputShape: [2],
      trunk: () => [tfl.layers.dense({ units: 4, activation: 'tanh' })],
      sharing,
      heads: own,
      seed,
    }),
  sharings: { hard: hardSharing() },
  weightings: { sum: sum() },
  aggregators: { none: undefined, upGrad: aggregators.upGrad(), mgda: aggregators.mgda() },
  seeds: [1, 2, 3, 4, 5, 6],
  train: points(64, 1),
  validation: points(20, 2),
  test: points(20, 3),
  epochs: 2,
  batchSize: 16,
  schedule: constant(0.02),
  optimizer: adamW(),
};

export const conditions = { name: 'sixty', engine: 'cpu', code: { commit: 'a' } } as const;
