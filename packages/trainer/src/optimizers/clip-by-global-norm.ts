import * as tf from '@tensorflow/tfjs-core';
import { TrainerError } from '../errors.js';
import type { Optimizer } from './optimizer.js';

/**
 * Scales all gradients by one factor where the norm of all of them together is above `norm`: the direction stays. It
 * comes before what changes weights.
 *
 * R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013, algorithm 1.
 *
 * @throws TrainerError when the norm is not above 0.
 */
export function clipByGlobalNorm(norm: number): Optimizer {
  if (!(norm > 0))
    throw new TrainerError(`clipByGlobalNorm: the norm is ${norm}; expected a number above 0.`);
  return {
    init: () => ({
      slots: new Map(),
      update(gradients) {
        const squares = [...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)));
        const factor = tf.div(norm, tf.maximum(tf.sqrt(tf.addN(squares)), norm));
        return new Map([...gradients].map(([name, gradient]) => [name, tf.mul(gradient, factor)]));
      },
    }),
  };
}
