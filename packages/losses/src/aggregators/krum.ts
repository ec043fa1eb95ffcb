import { statelessGramian, type WeightsAggregator } from '../aggregator.js';
import { InputError } from '../errors.js';

export interface KrumOptions {
  /** How many gradients may be arbitrarily wrong. */
  readonly nByzantine?: number;
  /** How many are chosen and averaged. */
  readonly nSelected?: number;
  /** `squared` distances are the paper's; TorchJD sums `plain` ones. */
  readonly distance?: 'squared' | 'plain';
}

/**
 * (Multi-)Krum: the mean of the `nSelected` gradients with the smallest sum of distances to their
 * T - nByzantine - 2 nearest neighbours. Blanchard et al., NeurIPS 2017. The first of equal ones is chosen.
 */
export function krum(options: KrumOptions = {}): WeightsAggregator {
  const { nByzantine = 1, nSelected = 1, distance = 'squared' } = options;
  if (!(Number.isInteger(nByzantine) && nByzantine >= 0))
    throw new InputError('krum', 'nByzantine of at least 0', nByzantine);
  if (!(Number.isInteger(nSelected) && nSelected >= 1))
    throw new InputError('krum', 'nSelected of at least 1', nSelected);
  if (distance !== 'squared' && distance !== 'plain')
    throw new InputError('krum', "distance 'squared' or 'plain'", distance);
  return statelessGramian('krum', ({ n, values, epsilon }) => {
    const least = Math.max(nByzantine + 3, nSelected);
    if (n < least) throw new InputError('krum', `at least ${least} tasks`, n);
    const scores = Array.from({ length: n }, (_, i) => {
      const distances = new Float64Array(n);
      for (let j = 0; j < n; j++) {
        const size = values[i * n + i]! + values[j * n + j]!;
        const square = size - 2 * values[i * n + j]!;
        if (square > 64 * epsilon * size) distances[j] = distance === 'squared' ? square : Math.sqrt(square);
      }
      // The nearest is the row itself, at 0.
      return distances
        .sort()
        .subarray(1, n - nByzantine - 1)
        .reduce((sum, value) => sum + value, 0);
    });
    const chosen = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]! || a - b);
    const weights = new Float64Array(n);
    for (const i of chosen.slice(0, nSelected)) weights[i] = 1 / nSelected;
    return { weights, residual: 0 };
  });
}
