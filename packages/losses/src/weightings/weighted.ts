import { finite, perTask } from '../check.js';
import { dot } from '../vector.js';
import { statelessWeighting, type Weighting } from '../weighting.js';

export interface WeightedOptions {
  /** One a task, used as they are: not normalised. */
  readonly weights: readonly number[];
}

/** Fixed weights: sum_i w_i L_i. */
export function weighted(options: WeightedOptions): Weighting {
  finite('weighted', 'weights', options.weights);
  return statelessWeighting(
    'weighted',
    ({ tasks, losses }, _context, count) => {
      perTask('weighted', 'weights', options.weights, count);
      const weights = Float64Array.from(tasks, (task) => options.weights[task]!);
      return { value: dot(weights, losses), weights };
    },
    'tasks',
  );
}
