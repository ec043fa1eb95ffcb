import { statelessGramian, type WeightsAggregator } from '../aggregator.js';
import { minNorm } from '../solvers/minNorm.js';

/**
 * d = the point of minimum norm in the convex hull of the gradients:
 * w = argmin over the simplex of |J^T w|^2. It is 0 exactly at Pareto-stationary points.
 *
 * arXiv 1810.04650 (Désidéri 2012). Published code takes a fixed number of Frank-Wolfe steps; this is the exact
 * solution. Where several w give the same d (dependent gradients), one of them is returned.
 */
export function mgda(): WeightsAggregator {
  return statelessGramian('mgda', (gramian) => minNorm('mgda', gramian));
}
