import type { MultiTaskModel } from '@espalier/core';
import { aggregators, sum } from '@espalier/losses';
import { adam, constant, type DataOf, type FitOptions, type StepRecord, sgd } from '@espalier/trainer';
import { composeOf, points, regularizedDense, type SideHeads } from '../small-task.js';

/** What chief and workers have in common. A third of the examples has no distance, and so may a whole part of a batch. */
export const data: DataOf<SideHeads> = points(60, 1, (index) => index % 3 > 0);

export function compose(): MultiTaskModel<SideHeads> {
  return composeOf(() => [regularizedDense(16, 0.01)]);
}

export const options = () => ({
  data,
  epochs: 10,
  // Five steps an epoch, of which the last has less than the others.
  batchSize: 13,
  schedule: constant(0.05),
  optimizer: sgd(),
  weighting: sum(),
  seed: 3,
});

/** Ways of training, and how far from one machine's losses a cluster's may be. */
export const methods: readonly [string, number, Partial<FitOptions<SideHeads>>][] = [
  ['SGD, the sum', 1e-5, {}],
  ['Adam, the sum', 1e-4, { optimizer: adam(), schedule: constant(0.01) }],
  ['SGD, UPGrad', 1e-5, { aggregator: aggregators.upGrad() }],
  ['Adam, UPGrad', 1e-4, { optimizer: adam(), schedule: constant(0.01), aggregator: aggregators.upGrad() }],
];

export type Losses = Pick<StepRecord<SideHeads>, 'losses'>;

/** The largest difference between the losses of two trainings of as many steps. */
export function farthest(found: readonly Losses[], expected: readonly Losses[]): number {
  const differences = found.flatMap(({ losses }, step) =>
    (['side', 'distance'] as const).map((task) => Math.abs(losses[task]! - expected[step].losses[task]!)),
  );
  return Math.max(...differences);
}
