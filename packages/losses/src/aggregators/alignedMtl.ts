import { statelessGramian, type WeightsAggregator } from '../aggregator.js';
import { preferences } from '../check.js';
import { InputError } from '../errors.js';
import { preferenceOf } from '../solvers/cone.js';
import { applyFunction } from '../solvers/eigen.js';

export interface AlignedMtlOptions {
  /** What all singular values become: the smallest, the (lower) median, or the root of the mean square. */
  readonly scaleMode?: 'min' | 'median' | 'rmse';
  /** How much each task counts: non-negative, of sum 1. Default: all alike. */
  readonly preference?: readonly number[];
}

/**
 * Independent component alignment: the gradients are replaced by the nearest orthogonal system of equal length,
 * and its (preference-weighted) mean is taken. With G = V L V^T over its rank: w = sqrt(scale) V L^-1/2 V^T p.
 *
 * arXiv 2305.19000. `scaleMode` is the authors' code's: eigenvalues are taken over the rank only.
 */
export function alignedMtl(options: AlignedMtlOptions = {}): WeightsAggregator {
  const { scaleMode = 'min' } = options;
  const scaleOf = SCALES[scaleMode];
  if (!scaleOf) throw new InputError('alignedMtl', "scaleMode 'min', 'median' or 'rmse'", scaleMode);
  if (options.preference) preferences('alignedMtl', 'preference', options.preference);
  return statelessGramian('alignedMtl', (gramian, _context, count) => {
    const preference = preferenceOf('alignedMtl', options, gramian, count);
    const weights = applyFunction('alignedMtl', gramian, preference, (values) => {
      const scale = scaleOf(values);
      return (value) => Math.sqrt(scale / value);
    });
    return { weights, residual: 0 };
  });
}

const SCALES = {
  min: (values: readonly number[]) => values.at(-1)!,
  median: (values: readonly number[]) => values[Math.floor(values.length / 2)]!,
  rmse: (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length,
};
