import * as tf from '@tensorflow/tfjs-core';
import { zerosVariable } from '../zeros-variable.js';
import type { Optimizer } from './optimizer.js';

export interface AdamOptions {
  /** How long the mean of the gradients remembers; 0.9 unless given. */
  readonly beta1?: number;
  /** How long the mean of their squares remembers; 0.999 unless given. */
  readonly beta2?: number;
  readonly epsilon?: number;
}

/**
 * Divides the mean of the gradients by the root of the mean of their squares.
 *
 * D. P. Kingma, J. Ba, "Adam", ICLR 2015, algorithm 1. Both means start from zero, so they are too small at first; by
 * how much is told by the same mean of ones, which is kept for every weight, since a weight may have missed steps.
 */
export function scaleByAdam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Optimizer {
  return {
    init(weights) {
      const names = [...weights.keys()];
      const zeros = () => new Map([...weights].map(([name, weight]) => [name, zerosVariable(weight)]));
      const means = zeros();
      const squares = zeros();
      const meanOfOnes = zerosVariable({ shape: [names.length] });
      const squareOfOnes = zerosVariable({ shape: [names.length] });
      return {
        slots: new Map([
          ...[...means].map(([name, slot]) => [`mean/${name}`, slot] as const),
          ...[...squares].map(([name, slot]) => [`square/${name}`, slot] as const),
          ['mean-of-ones', meanOfOnes],
          ['square-of-ones', squareOfOnes],
        ]),
        update(gradients) {
          const moved = names.map((name) => Number(gradients.has(name)));
          moveTowardsOnes(meanOfOnes, moved, beta1);
          moveTowardsOnes(squareOfOnes, moved, beta2);
          const root = tf.sqrt(squareOfOnes);
          const roots = tf.unstack(root);
          const scales = tf.unstack(tf.divNoNan(root, meanOfOnes));
          return new Map(
            [...gradients].map(([name, gradient]) => {
              const index = names.indexOf(name);
              const mean = move(means.get(name)!, gradient, beta1);
              const square = move(squares.get(name)!, tf.square(gradient), beta2);
              const size = tf.add(tf.sqrt(square), tf.mul(roots[index], epsilon));
              return [name, tf.mul(tf.div(mean, size), scales[index])];
            }),
          );
        },
      };
    },
  };
}

/** A running mean goes on by one value. */
function move(mean: tf.Variable, value: tf.Tensor, beta: number): tf.Tensor {
  const next = tf.add(tf.mul(mean, beta), tf.mul(value, 1 - beta));
  mean.assign(next);
  return next;
}

function moveTowardsOnes(means: tf.Variable, moved: readonly number[], beta: number): void {
  const kept = tf.tensor1d(moved.map((one) => (one ? beta : 1)));
  const added = tf.tensor1d(moved.map((one) => one * (1 - beta)));
  means.assign(tf.add(tf.mul(means, kept), added));
}
