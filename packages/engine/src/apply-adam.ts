import * as tf from '@tensorflow/tfjs-core';
import { updateInPlace } from './program/in-place.js';

export interface AdamUpdate {
  /** What is trained. */
  readonly variable: tf.Variable;
  /** The running mean of its gradients, in its shape. */
  readonly mean: tf.Variable;
  /** The running mean of their squares, in its shape. */
  readonly square: tf.Variable;
  readonly gradient: tf.Tensor;
  /** How much of `mean` stays. */
  readonly beta1: number;
  /** How much of `square` stays. */
  readonly beta2: number;
  /** The learning rate with both corrections for the first steps: rate * sqrt(1 - beta2^t) / (1 - beta1^t). */
  readonly stepSize: tf.Scalar | number;
  readonly epsilon: tf.Scalar | number;
}

/**
 * Adam's update of one variable and its two moments:
 *
 *     mean     += (1 - beta1) * (gradient - mean)
 *     square   += (1 - beta2) * (gradient^2 - square)
 *     variable -= stepSize * mean / (sqrt(square) + epsilon)
 *
 * In a traced program it is one operation of TensorFlow that goes through memory once, in place; elsewhere it is
 * these operations of tfjs. The results are the same, up to rounding.
 *
 * D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015: the order of operations at the end of
 * section 2. With algorithm 1's own epsilon, pass `epsilon * sqrt(1 - beta2^t)`.
 *
 * @param update The gradient stays the caller's. In a program, the three variables are part of its state.
 */
export function applyAdam({
  variable,
  mean,
  square,
  gradient,
  beta1,
  beta2,
  stepSize,
  epsilon,
}: AdamUpdate): void {
  tf.tidy(() => {
    const step = asScalar(stepSize);
    const small = asScalar(epsilon);
    const scalars = [0, 0, step, beta1, beta2, small].map(asScalar);
    updateInPlace(
      { op: 'ResourceApplyAdam', variables: [variable, mean, square], inputs: [...scalars, gradient] },
      () => {
        mean.assign(tf.add(mean, tf.mul(tf.sub(gradient, mean), 1 - beta1)));
        square.assign(tf.add(square, tf.mul(tf.sub(tf.square(gradient), square), 1 - beta2)));
        variable.assign(tf.sub(variable, tf.div(tf.mul(mean, step), tf.add(tf.sqrt(square), small))));
      },
    );
  });
}

function asScalar(value: tf.Scalar | number): tf.Scalar {
  return typeof value === 'number' ? tf.scalar(value) : value;
}
