import { above } from '../check.js';
import { softmax } from '../vector.js';
import { statelessWeighting, type Weighting } from '../weighting.js';
import { preferredGaps, type TchebycheffOptions } from './tchebycheff.js';

export interface StchOptions extends TchebycheffOptions {
  /** How smooth: towards 0 it becomes the plain maximum. */
  readonly mu?: number;
}

/**
 * Smooth Tchebycheff: mu ln sum_i exp(lambda_i (L_i - z_i) / mu).
 *
 * "Smooth Tchebycheff Scalarization", arXiv 2402.19078. LibMTL's version first divides by the losses of a warm-up
 * epoch and takes logarithms; this is the paper's formula.
 */
export function stch({ mu = 1, ...options }: StchOptions = {}): Weighting {
  above('stch', 'mu', mu, 0);
  const measure = preferredGaps('stch', options);
  return statelessWeighting('stch', ({ tasks, losses }, _context, count) => {
    const { lambda, gaps } = measure(tasks, losses, count);
    const terms = gaps.map((gap, k) => lambda[k]! * gap);
    const largest = Math.max(...terms);
    // The maximum is subtracted before the division: neither overflows.
    const shifted = terms.map((term) => (term - largest) / mu);
    const total = shifted.reduce((sum, value) => sum + Math.exp(value), 0);
    return {
      value: largest + mu * Math.log(total),
      weights: softmax(shifted).map((share, k) => share * lambda[k]!),
    };
  });
}
