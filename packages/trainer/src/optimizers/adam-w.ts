import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer } from './optimizer.js';

export interface AdamWOptions {
  /** How long the mean of the gradients remembers; 0.9 unless given. */
  readonly beta1?: number;
  /** How long the mean of their squares remembers; 0.999 unless given. */
  readonly beta2?: number;
  readonly epsilon?: number;
  /** How fast weights shrink; only kernels, not biases or scales, do. 0 unless given: that is Adam. */
  readonly weightDecay?: number;
}

interface Moments {
  readonly mean: tf.Variable;
  readonly square: tf.Variable;
  steps: number;
}

/**
 * Adam with decoupled weight decay.
 *
 * I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, algorithm 2. Variables of rank 0
 * and 1 (biases, scales) do not decay.
 */
export function adamW({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
}: AdamWOptions = {}): Optimizer {
  const moments = new Map<tf.Variable, Moments>();

  const momentsOf = (variable: tf.Variable): Moments => {
    const known = moments.get(variable);
    if (known !== undefined) return known;
    const fresh = { mean: zerosVariable(variable), square: zerosVariable(variable), steps: 0 };
    moments.set(variable, fresh);
    return fresh;
  };

  return {
    init(variables) {
      for (const variable of variables) momentsOf(variable);
    },
    update(gradients, learningRate) {
      for (const [variable, gradient] of gradients) {
        const state = momentsOf(variable);
        state.steps++;
        const decay = variable.rank > 1 ? learningRate * weightDecay : 0;
        // The corrections of both means (algorithm 2, lines 9 and 10), as one step size and one epsilon.
        const correction = Math.sqrt(1 - beta2 ** state.steps);
        const stepSize = (learningRate * correction) / (1 - beta1 ** state.steps);
        tf.tidy(() => {
          const mean = tf.add(tf.mul(state.mean, beta1), tf.mul(gradient, 1 - beta1));
          const square = tf.add(tf.mul(state.square, beta2), tf.mul(tf.square(gradient), 1 - beta2));
          const change = tf.div(mean, tf.add(tf.sqrt(square), epsilon * correction));
          const kept = decay === 0 ? variable : tf.mul(variable, 1 - decay);
          state.mean.assign(mean);
          state.square.assign(square);
          variable.assign(tf.sub(kept, tf.mul(change, stepSize)));
        });
      }
    },
    dispose() {
      for (const { mean, square } of moments.values()) tf.dispose([mean, square]);
      moments.clear();
    },
  };
}

function zerosVariable(like: tf.Variable): tf.Variable {
  return tf.tidy(() => tf.variable(tf.zerosLike(like), false));
}
