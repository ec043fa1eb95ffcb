import { blindAggregator, type WeightsAggregator } from '../aggregator.js';

/** d = (1/T) sum_i g_i over the T tasks in the batch. */
export function mean(): WeightsAggregator {
  return blindAggregator('mean', (tasks) => new Float64Array(tasks.length).fill(1 / tasks.length));
}
