import type { Optimizer } from './optimizer.js';
import { named } from './slots.js';

/**
 * Several parts of an optimizer, one after another: what changes gradients comes before what changes weights.
 *
 * @example
 * ```ts
 * const optimizer = chain(clipByGlobalNorm(1), adamW({ weightDecay: 0.01 }));
 * ```
 */
export function chain(...parts: readonly Optimizer[]): Optimizer {
  return {
    init(weights) {
      const states = parts.map((part) => part.init(weights));
      return {
        slots: new Map(states.flatMap(({ slots }, index) => named(String(index), slots))),
        update: (gradients, context) =>
          states.reduce((updated, state) => state.update(updated, context), gradients),
      };
    },
  };
}
