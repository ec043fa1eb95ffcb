import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer } from './optimizer.js';
import { named, zeroSlots } from './slots.js';
import { shrink, type WeightDecayOptions } from './weight-decay.js';

export interface LionOptions extends WeightDecayOptions {
  /** How much of the mean is in the direction of a step; 0.9 unless given. */
  readonly beta1?: number;
  /** How long the mean remembers; 0.99 unless given. */
  readonly beta2?: number;
}

/**
 * The sign of a mean of the gradients, with decoupled weight decay. Learning rates are 3 to 10 times smaller than
 * AdamW's, weight decays as much larger.
 *
 * X. Chen et al., "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023, algorithm 2.
 */
export function lion({ beta1 = 0.9, beta2 = 0.99, ...decay }: LionOptions = {}): Optimizer {
  return {
    init(weights) {
      const means = zeroSlots(weights);
      return {
        slots: new Map(named('mean', means)),
        update(gradients, { learningRate }) {
          for (const [name, gradient] of gradients) {
            const weight = weights.get(name)!;
            const mean = means.get(name)!;
            const direction = tf.sign(tf.add(tf.mul(mean, beta1), tf.mul(gradient, 1 - beta1)));
            shrink(decay, name, weight, learningRate);
            weight.assign(tf.sub(weight, tf.mul(direction, learningRate)));
            mean.assign(tf.add(tf.mul(mean, beta2), tf.mul(gradient, 1 - beta2)));
          }
          return gradients;
        },
      };
    },
  };
}
