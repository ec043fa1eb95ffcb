import { type LearnedState, learnedWeighting } from '../learned.js';
import type { Weighting } from '../weighting.js';

export interface ImtlLOptions {
  /** Where s starts; default 0. */
  readonly s?: readonly number[];
  /** Adam's learning rate for s. */
  readonly lr?: number;
}

/**
 * Impartial loss balance: sum_i exp(s_i) L_i - s_i with learned s. At its minimum over s every exp(s_i) L_i is 1.
 *
 * "Towards Impartial Multi-task Learning", ICLR 2021.
 */
export function imtlL({ s, lr = 1e-3 }: ImtlLOptions = {}): Weighting<LearnedState> {
  return learnedWeighting({
    name: 'imtlL',
    parameter: 's',
    start: s,
    otherwise: 0,
    lr,
    term(loss, s) {
      const weight = Math.exp(s);
      return { value: weight * loss - s, byLoss: weight, byParameter: weight * loss - 1 };
    },
  });
}
