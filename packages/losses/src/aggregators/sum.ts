import { blindAggregator, type WeightsAggregator } from '../aggregator.js';

/** d = sum_i g_i. */
export function sum(): WeightsAggregator {
  return blindAggregator('sum', (tasks) => new Float64Array(tasks.length).fill(1));
}
