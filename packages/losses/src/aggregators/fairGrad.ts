import { statelessGramian, type WeightsAggregator } from '../aggregator.js';
import { above } from '../check.js';
import { bargain } from '../solvers/bargain.js';

export interface FairGradOptions {
  /** 1 is proportional fairness (Nash-MTL); towards infinity, max-min fairness. */
  readonly alpha?: number;
}

/**
 * alpha-fair gradients: w > 0 with (G w)_i = w_i^(-1/alpha), d = J^T w.
 *
 * "Fair Resource Allocation in Multi-Task Learning", arXiv 2402.15638. The authors' code minimises the residual by
 * least squares from equal weights and takes what it reached. There is no solution at a Pareto-stationary point or
 * where a gradient is 0: a `DegenerateError`.
 */
export function fairGrad({ alpha = 1 }: FairGradOptions = {}): WeightsAggregator {
  above('fairGrad', 'alpha', alpha, 0);
  return statelessGramian('fairGrad', (gramian) => bargain('fairGrad', gramian, 1 / alpha));
}
