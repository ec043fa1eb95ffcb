import { blindAggregator, type WeightsAggregator } from '../aggregator.js';
import { normal } from '../random.js';
import { softmax } from '../vector.js';

/**
 * Random weights: w = softmax of T independent standard normals, drawn anew each step.
 *
 * RGW of "Reasonable Effectiveness of Random Weighting", arXiv 2111.10603.
 */
export function random(): WeightsAggregator {
  return blindAggregator('random', (tasks, { random = Math.random }) =>
    softmax(Float64Array.from(tasks, () => normal(random))),
  );
}
