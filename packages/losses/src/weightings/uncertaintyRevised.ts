import { InputError } from '../errors.js';
import { type LearnedState, learnedWeighting } from '../learned.js';
import type { Weighting } from '../weighting.js';

export interface UncertaintyRevisedOptions {
  /** Where sigma starts; default 1. */
  readonly sigma?: readonly number[];
  /** Adam's learning rate for sigma. */
  readonly lr?: number;
}

/**
 * Uncertainty weighting with a regulariser that cannot become negative:
 * sum_i L_i / (2 sigma_i^2) + ln(1 + sigma_i^2), sigma learned.
 *
 * "Auxiliary Tasks in Multi-task Learning", arXiv 1805.06334.
 */
export function uncertaintyRevised({
  sigma,
  lr = 1e-3,
}: UncertaintyRevisedOptions = {}): Weighting<LearnedState> {
  if (sigma?.includes(0)) throw new InputError('uncertaintyRevised', 'sigma other than 0', sigma);
  return learnedWeighting({
    name: 'uncertaintyRevised',
    parameter: 'sigma',
    start: sigma,
    otherwise: 1,
    lr,
    term(loss, sigma) {
      const square = sigma * sigma;
      const weight = 1 / (2 * square);
      return {
        value: weight * loss + Math.log1p(square),
        byLoss: weight,
        byParameter: -loss / (square * sigma) + (2 * sigma) / (1 + square),
      };
    },
  });
}
