import { applyMomentum } from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import { TrainerError } from '../errors.js';
import type { Optimizer } from './optimizer.js';
import { named, zeroSlots } from './slots.js';
import { decayOf, type WeightDecayOptions } from './weight-decay.js';

export interface SgdOptions extends WeightDecayOptions {
  /** How much of the former direction stays; 0 unless given. */
  readonly momentum?: number;
  /** Looks ahead along the momentum. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent with momentum, as PyTorch has it: `velocity = momentum * velocity + gradient`. The decay
 * is part of the gradient (L2).
 *
 * I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of initialization and momentum in deep learning",
 * ICML 2013, for Nesterov's momentum.
 *
 * @throws TrainerError when Nesterov's momentum is asked for without a momentum.
 */
export function sgd({ momentum = 0, nesterov = false, ...decay }: SgdOptions = {}): Optimizer {
  if (nesterov && momentum === 0) {
    throw new TrainerError('sgd: nesterov needs a momentum above 0, such as 0.9; it is 0.');
  }
  return {
    init(weights) {
      const velocities = momentum === 0 ? new Map<string, tf.Variable>() : zeroSlots(weights);
      return {
        slots: new Map(named('velocity', velocities)),
        update(gradients, { learningRate }) {
          for (const [name, gradient] of gradients) {
            const weight = weights.get(name)!;
            const shrinking = decayOf(decay, name, weight);
            const slope = shrinking > 0 ? tf.add(gradient, tf.mul(weight, shrinking)) : gradient;
            const velocity = velocities.get(name);
            if (velocity === undefined) weight.assign(tf.sub(weight, tf.mul(slope, learningRate)));
            else {
              applyMomentum({
                variable: weight,
                velocity,
                gradient: slope,
                momentum,
                nesterov,
                stepSize: learningRate,
              });
            }
          }
          return gradients;
        },
      };
    },
  };
}
