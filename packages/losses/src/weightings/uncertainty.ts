import { InputError } from '../errors.js';
import { type LearnedState, learnedWeighting } from '../learned.js';
import type { Weighting } from '../weighting.js';

export interface UncertaintyOptions {
  /** What each task is; default: all regression. */
  readonly kinds?: readonly ('regression' | 'classification')[];
  /** Where s = ln sigma^2 starts; default 0. */
  readonly s?: readonly number[];
  /** Adam's learning rate for s. */
  readonly lr?: number;
}

/**
 * Homoscedastic uncertainty: sum_i k_i exp(-s_i) L_i + s_i / 2 with learned s_i = ln sigma_i^2, k = 1/2 for
 * regression (L a squared error) and 1 for classification (L a cross-entropy).
 *
 * arXiv 1705.07115. Much published code takes k = 1/2, or 1, for both.
 */
export function uncertainty({ kinds, s, lr = 1e-3 }: UncertaintyOptions = {}): Weighting<LearnedState> {
  const wrong = kinds?.find((kind) => kind !== 'regression' && kind !== 'classification');
  if (wrong !== undefined)
    throw new InputError('uncertainty', "kinds 'regression' or 'classification'", wrong);
  return learnedWeighting({
    name: 'uncertainty',
    parameter: 's',
    start: s,
    otherwise: 0,
    lr,
    check(tasks) {
      if (kinds && kinds.length !== tasks)
        throw new InputError('uncertainty', `kinds with ${tasks} entries`, kinds);
    },
    term(loss, s, task) {
      const weight = (kinds?.[task] === 'classification' ? 1 : 0.5) * Math.exp(-s);
      return { value: weight * loss + s / 2, byLoss: weight, byParameter: 0.5 - weight * loss };
    },
  });
}
