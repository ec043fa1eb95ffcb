import { applyAdam } from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import { zerosVariable } from '../zeros-variable.js';
import type { Optimizer } from './optimizer.js';
import { named, zeroSlots } from './slots.js';
import { shrink, type WeightDecayOptions } from './weight-decay.js';

export interface AdamOptions {
  /** How long the mean of the gradients remembers; 0.9 unless given. */
  readonly beta1?: number;
  /** How long the mean of their squares remembers; 0.999 unless given. */
  readonly beta2?: number;
  readonly epsilon?: number;
}

export interface AdamWOptions extends AdamOptions, WeightDecayOptions {}

/** D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, algorithm 1. */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamW(options);
}

/**
 * Adam with decoupled weight decay.
 *
 * I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, algorithm 2.
 */
export function adamW({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  ...decay
}: AdamWOptions = {}): Optimizer {
  return {
    init(weights) {
      const names = [...weights.keys()];
      const means = zeroSlots(weights);
      const squares = zeroSlots(weights);
      // Both means start from zero, so at first they are too small: by as much as the same means of ones. One for
      // every weight, since a weight may have missed steps.
      const meanOfOnes = zerosVariable({ shape: [names.length] });
      const squareOfOnes = zerosVariable({ shape: [names.length] });
      return {
        slots: new Map([
          ...named('mean', means),
          ...named('square', squares),
          ['mean-of-ones', meanOfOnes],
          ['square-of-ones', squareOfOnes],
        ]),
        update(gradients, { learningRate }) {
          const moved = names.map((name) => gradients.has(name));
          moveTowardsOnes(meanOfOnes, moved, beta1);
          moveTowardsOnes(squareOfOnes, moved, beta2);
          const root = tf.sqrt(squareOfOnes);
          const stepSizes = tf.unstack(tf.mul(tf.divNoNan(root, meanOfOnes), learningRate));
          const epsilons = tf.unstack(tf.mul(root, epsilon));
          for (const [index, name] of names.entries()) {
            const gradient = gradients.get(name);
            if (gradient === undefined) continue;
            const variable = weights.get(name)!;
            shrink(decay, name, variable, learningRate);
            applyAdam({
              variable,
              mean: means.get(name)!,
              square: squares.get(name)!,
              gradient,
              beta1,
              beta2,
              stepSize: stepSizes[index] as tf.Scalar,
              epsilon: epsilons[index] as tf.Scalar,
            });
          }
          return gradients;
        },
      };
    },
  };
}

function moveTowardsOnes(means: tf.Variable, moved: readonly boolean[], beta: number): void {
  const kept = tf.tensor1d(moved.map((moves) => (moves ? beta : 1)));
  const added = tf.tensor1d(moved.map((moves) => (moves ? 1 - beta : 0)));
  means.assign(tf.add(tf.mul(means, kept), added));
}
