import type { Optimizer } from './optimizer.js';

/** Several optimizers, or parts of one, one after another: each gets what the one before it gave. */
export function chain(...parts: readonly Optimizer[]): Optimizer {
  return {
    init(weights) {
      const states = parts.map((part) => part.init(weights));
      return {
        slots: new Map(
          states.flatMap(({ slots }, index) =>
            [...slots].map(([name, slot]) => [`${index}/${name}`, slot] as const),
          ),
        ),
        update: (gradients, context) =>
          states.reduce((updates, state) => state.update(updates, context), gradients),
      };
    },
  };
}

/** A part that remembers nothing. */
export function stateless(update: ReturnType<Optimizer['init']>['update']): Optimizer {
  return { init: () => ({ slots: new Map(), update }) };
}
