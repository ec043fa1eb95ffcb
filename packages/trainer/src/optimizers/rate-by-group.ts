import * as tf from '@tensorflow/tfjs-core';
import type { NamedWeights, Optimizer } from './optimizer.js';
import { named } from './slots.js';

/**
 * Multiplies the learning rate of some weights, such as a pretrained trunk's. Weights with a factor of 0 stay as they
 * are, and nothing is remembered of them.
 *
 * @param factorOf by the weight's name, which begins with the name of its stage or of its task.
 *
 * @example
 * ```ts
 * const optimizer = rateByGroup((name) => (name.startsWith('stage') ? 0.1 : 1), adamW());
 * ```
 */
export function rateByGroup(factorOf: (name: string) => number, optimizer: Optimizer): Optimizer {
  return {
    init(weights) {
      const groups = new Map<number, NamedWeights>();
      for (const [name, weight] of weights) {
        const factor = factorOf(name);
        if (factor !== 0) groups.set(factor, new Map([...(groups.get(factor) ?? []), [name, weight]]));
      }
      const states = [...groups].map(([factor, own]) => ({ factor, own, state: optimizer.init(own) }));
      return {
        slots: new Map(states.flatMap(({ factor, state }) => named(String(factor), state.slots))),
        update(gradients, context) {
          for (const { factor, own, state } of states) {
            const part = new Map([...gradients].filter(([name]) => own.has(name)));
            if (part.size === 0) continue;
            state.update(part, { ...context, learningRate: tf.mul(context.learningRate, factor) });
          }
          return gradients;
        },
      };
    },
  };
}
