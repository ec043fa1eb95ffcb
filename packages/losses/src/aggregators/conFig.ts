import { statelessGramian, type WeightsAggregator } from '../aggregator.js';
import { applyFunction } from '../solvers/eigen.js';
import { multiply } from '../vector.js';

/**
 * Conflict-free inverse gradients: u = normalised pinv(U) 1, where the rows of U are the unit gradients, and
 * d = (sum_i <g_i, u>) u. All unit gradients have the same projection on d.
 *
 * arXiv 2408.11104. pinv(U) = U^T pinv(U U^T), so the Gramian is enough. The unit gradient of a zero row is 0, and d
 * is 0 where the unit gradients have no direction in common.
 */
export function conFig(): WeightsAggregator {
  return statelessGramian('conFig', (gramian) => {
    const { n, values } = gramian;
    const inverse = Float64Array.from({ length: n }, (_, i) =>
      values[i * n + i]! > 0 ? values[i * n + i]! ** -0.5 : 0,
    );
    const cosines = values.map((value, at) => value * inverse[Math.floor(at / n)]! * inverse[at % n]!);
    const common = applyFunction(
      'conFig',
      { ...gramian, values: cosines },
      new Float64Array(n).fill(1),
      () => (value) => 1 / value,
    );
    const square = common.reduce((sum, value) => sum + value, 0);
    if (!(square > 64 * n * gramian.epsilon)) return { weights: new Float64Array(n), residual: 0 };
    const h = common.map((value, i) => value * inverse[i]!);
    const projections = multiply(n, values, h).reduce((sum, value) => sum + value, 0);
    return { weights: h.map((value) => (value * projections) / square), residual: 0 };
  });
}
