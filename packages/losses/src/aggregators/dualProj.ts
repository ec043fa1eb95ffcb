import { statelessGramian, type WeightsAggregator } from '../aggregator.js';
import { preferences } from '../check.js';
import { type ConeOptions, coneGramian, preferenceOf } from '../solvers/cone.js';
import { dualCone } from '../solvers/dualCone.js';

/**
 * The mean gradient (or `preference`'s) projected onto the dual cone of the gradients,
 * { d : <g_i, d> >= 0 for all i }: the nearest direction that conflicts with no task.
 *
 * arXiv 2406.16232, after GEM, arXiv 1706.08840. TorchJD divides the Gramian by its trace and adds 1e-4 to its
 * diagonal, which makes the projection approximate; both are off here (`normEps`, `regEps`).
 */
export function dualProj(options: ConeOptions = {}): WeightsAggregator {
  if (options.preference) preferences('dualProj', 'preference', options.preference);
  return statelessGramian('dualProj', (gramian, _context, count) => {
    const preference = preferenceOf('dualProj', options, gramian, count);
    const { x, residual } = dualCone('dualProj', coneGramian('dualProj', gramian, options), preference);
    return { weights: preference.map((value, i) => value + x[i]!), residual };
  });
}
