import { statelessGramian, type WeightsAggregator } from '../aggregator.js';
import { InputError } from '../errors.js';
import { bargain } from '../solvers/bargain.js';

export interface NashMtlOptions {
  /** The direction is scaled down to this norm if it is longer; 0, the default, leaves it (it has norm sqrt(T)). */
  readonly maxNorm?: number;
}

/**
 * The Nash bargaining solution: a > 0 with (G a)_i = 1 / a_i, d = J^T a. Invariant to the scale of each loss.
 *
 * "Multi-Task Learning as a Bargaining Game", arXiv 2202.01017. The authors' code solves a sequence of
 * convex-concave approximations with CVXPY, keeps the previous weights when the solver fails, and clips to norm 1
 * (`maxNorm`); it re-uses weights for some steps (`everyK`). There is no solution at a Pareto-stationary point or
 * where a gradient is 0: a `DegenerateError`.
 */
export function nashMtl({ maxNorm = 0 }: NashMtlOptions = {}): WeightsAggregator {
  if (!(maxNorm >= 0)) throw new InputError('nashMtl', 'maxNorm of at least 0', maxNorm);
  return statelessGramian('nashMtl', (gramian) => {
    const { weights, residual } = bargain('nashMtl', gramian, 1);
    const factor = maxNorm > 0 ? Math.min(1, maxNorm / Math.sqrt(gramian.n)) : 1;
    return { weights: weights.map((weight) => weight * factor), residual };
  });
}
