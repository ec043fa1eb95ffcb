import * as tf from '@tensorflow/tfjs-core';
import { stateless } from './chain.js';
import type { Optimizer } from './optimizer.js';

/** Against the gradient, as far as the schedule says: the last part of an optimizer. */
export function scaleByLearningRate(): Optimizer {
  return stateless((updates, { learningRate }) => {
    const factor = tf.neg(learningRate);
    return new Map([...updates].map(([name, update]) => [name, tf.mul(update, factor)]));
  });
}
