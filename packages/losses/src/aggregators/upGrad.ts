import { type Solution, statelessGramian, type WeightsAggregator } from '../aggregator.js';
import { preferences } from '../check.js';
import { type ConeOptions, coneGramian, preferenceOf } from '../solvers/cone.js';
import { dualCone } from '../solvers/dualCone.js';

/**
 * Unconflicting projection of gradients: each gradient is projected onto the dual cone of all,
 * { d : <g_i, d> >= 0 for all i }, and the projections are averaged: d = sum_i p_i proj(g_i), p_i = 1/T.
 *
 * "Jacobian Descent for Multi-Objective Optimization", arXiv 2406.16232. TorchJD divides the Gramian by its trace
 * and adds 1e-4 to its diagonal, which makes the projection approximate; both are off here (`normEps`, `regEps`).
 */
export function upGrad(options: ConeOptions = {}): WeightsAggregator {
  if (options.preference) preferences('upGrad', 'preference', options.preference);
  return statelessGramian('upGrad', (gramian, _context, count): Solution => {
    const { n } = gramian;
    const preference = preferenceOf('upGrad', options, gramian, count);
    const g = coneGramian('upGrad', gramian, options);
    const weights = preference.slice();
    let residual = 0;
    for (let i = 0; i < n; i++) {
      const unit = new Float64Array(n);
      unit[i] = 1;
      const projection = dualCone('upGrad', g, unit);
      residual = Math.max(residual, projection.residual);
      for (let j = 0; j < n; j++) weights[j]! += preference[i]! * projection.x[j]!;
    }
    return { weights, residual };
  });
}
