import { blindAggregator, type WeightsAggregator } from '../aggregator.js';
import { finite, perTask } from '../check.js';

export interface ConstantOptions {
  /** One a task, used as they are: not normalised. */
  readonly weights: readonly number[];
}

/** d = sum_i w_i g_i with fixed weights. */
export function constant(options: ConstantOptions): WeightsAggregator {
  finite('constant', 'weights', options.weights);
  return blindAggregator('constant', (tasks, _context, count) => {
    perTask('constant', 'weights', options.weights, count);
    return Float64Array.from(tasks, (task) => options.weights[task]!);
  });
}
