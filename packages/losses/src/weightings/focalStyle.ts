import { nonNegative } from '../check.js';
import { InputError } from '../errors.js';
import { statelessWeighting, type Weighting } from '../weighting.js';

export interface FocalStyleOptions {
  /** How strongly well-solved tasks are left behind; 0 is the sum. */
  readonly gamma?: number;
}

/**
 * sum_i (1 - exp(-L_i))^gamma L_i: the factor of the focal loss (arXiv 1708.02002) on each task's mean loss, which is
 * read as a cross-entropy, exp(-L) the probability of the right answer. The paper has it on each example: hence not
 * its name. The derivative goes through the factor.
 */
export function focalStyle({ gamma = 2 }: FocalStyleOptions = {}): Weighting {
  nonNegative('focalStyle', 'gamma', [gamma]);
  return statelessWeighting('focalStyle', ({ tasks, losses }) => {
    const weights = new Float64Array(losses.length);
    let value = 0;
    losses.forEach((loss, k) => {
      if (!(loss >= 0)) throw new InputError('focalStyle', `a loss of at least 0 of task ${tasks[k]}`, loss);
      const wrong = -Math.expm1(-loss);
      value += wrong ** gamma * loss;
      const slope = gamma > 0 && wrong > 0 ? gamma * wrong ** (gamma - 1) * (1 - wrong) * loss : 0;
      weights[k] = wrong ** gamma + slope;
    });
    return { value, weights };
  });
}
