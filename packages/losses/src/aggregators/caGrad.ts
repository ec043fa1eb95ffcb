import { type Solution, statelessGramian, type WeightsAggregator } from '../aggregator.js';
import { InputError } from '../errors.js';
import { conflictAverse } from '../solvers/conflictAverse.js';

export interface CaGradOptions {
  /** How far d may be from the mean gradient g0, relative to |g0|. The paper takes 0.4 or 0.5. */
  readonly c?: number;
  /** 0: as in the formula. 1: divided by 1 + c^2. 2: divided by 1 + c. */
  readonly rescale?: 0 | 1 | 2;
}

/**
 * The direction with the best worst task among those near the mean gradient g0:
 * max over d of min_i <g_i, d> with |d - g0| <= c |g0|. With w = argmin over the simplex of
 * <g_w, g0> + c |g0| |g_w|, g_w = J^T w, it is d = g0 + c |g0| / |g_w| g_w.
 *
 * "Conflict-Averse Gradient Descent", arXiv 2110.14048. The authors' code minimises by 20 gradient steps from 0,
 * rescales (1 by default) and adds 1e-4 and 1e-8 under the roots. Where g_w is 0 the formula is 0/0 and many d
 * solve the problem: the one nearest to g0 is returned, and the step's `fallback` says so.
 */
export function caGrad(options: CaGradOptions = {}): WeightsAggregator {
  const { c = 0.4, rescale = 0 } = options;
  if (!(c >= 0 && Number.isFinite(c))) throw new InputError('caGrad', 'c of at least 0', c);
  const divisor = [1, 1 + c * c, 1 + c][rescale];
  if (divisor === undefined) throw new InputError('caGrad', 'rescale of 0, 1 or 2', rescale);
  return statelessGramian('caGrad', (gramian): Solution => {
    const solution = conflictAverse('caGrad', gramian, c);
    return { ...solution, weights: solution.weights.map((weight) => weight / divisor) };
  });
}
