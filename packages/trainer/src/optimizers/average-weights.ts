import * as tf from '@tensorflow/tfjs-core';
import { TrainerError } from '../errors.js';
import type { Optimizer } from './optimizer.js';

/**
 * Keeps a running mean of the weights beside them: `average = decay * average + (1 - decay) * weight` after every step,
 * from the first weights on. Its slots are the averages, by the weights' names; `averageWeights` of `fit` has them
 * take the weights' place.
 *
 * B. T. Polyak, A. B. Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim. 1992,
 * with the exponential weights of A. Tarvainen, H. Valpola, "Mean teachers", NIPS 2017, section 2.
 *
 * @throws TrainerError when the decay is not in [0, 1).
 */
export function averageWeights(decay: number): Optimizer {
  if (!(decay >= 0 && decay < 1)) {
    throw new TrainerError(`averageWeights: the decay is ${decay}; expected a number from 0 to below 1.`);
  }
  return {
    init(weights) {
      const averages = new Map(
        [...weights].map(([name, weight]) => [name, tf.tidy(() => tf.variable(tf.clone(weight), false))]),
      );
      return {
        slots: averages,
        update(gradients) {
          for (const [name, average] of averages) {
            average.assign(tf.add(tf.mul(average, decay), tf.mul(weights.get(name)!, 1 - decay)));
          }
          return gradients;
        },
      };
    },
  };
}
