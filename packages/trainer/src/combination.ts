import type { Aggregator, TaskState, Weighting } from '@espalier/losses';
import { TrainerError } from './errors.js';

/** How the losses of the tasks become one update: two independent choices. */
export interface Combination {
  /** Works on the losses. */
  readonly weighting: Weighting;
  /**
   * Works on the gradients of the weighted losses, with respect to the weights that tasks share; each head follows its
   * own task. Without one, it is the gradient of the weighted sum.
   */
  readonly aggregator?: Aggregator | undefined;
}

/** What the two remember: plain data. */
export interface CombinationState {
  readonly weighting: TaskState;
  readonly aggregator: TaskState | undefined;
}

/** @throws TrainerError when the trainer cannot give the aggregator what it works on. */
export function initCombination({ weighting, aggregator }: Combination, tasks: number): CombinationState {
  if (aggregator?.at === 'representation') {
    throw new TrainerError(
      `The aggregator ${aggregator.name} works on the gradients of a representation; the trainer takes those of the ` +
        'shared weights. Use mgda, which is exact on them.',
    );
  }
  return { weighting: weighting.init(tasks), aggregator: aggregator?.init(tasks) };
}
