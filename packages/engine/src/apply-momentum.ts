import * as tf from '@tensorflow/tfjs-core';
import { updateInPlace } from './program/in-place.js';

export interface MomentumUpdate {
  /** What is trained. */
  readonly variable: tf.Variable;
  /** The direction so far, in its shape. */
  readonly velocity: tf.Variable;
  readonly gradient: tf.Tensor;
  /** How much of `velocity` stays. */
  readonly momentum: number;
  /** Whether the step looks ahead along the new velocity. */
  readonly nesterov: boolean;
  /** The learning rate. */
  readonly stepSize: tf.Scalar | number;
}

/**
 * The update of one variable by gradient descent with momentum:
 *
 *     velocity  = momentum * velocity + gradient
 *     variable -= stepSize * velocity                             or with `nesterov`
 *     variable -= stepSize * (gradient + momentum * velocity)
 *
 * In a traced program it is one operation of TensorFlow that goes through memory once, in place; elsewhere it is
 * these operations of tfjs. The results are the same, up to rounding.
 *
 * I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of initialization and momentum in deep learning",
 * ICML 2013, section 2; the velocity without the learning rate in it, as PyTorch has it.
 *
 * @param update The gradient stays the caller's. In a program, both variables are part of its state.
 */
export function applyMomentum({
  variable,
  velocity,
  gradient,
  momentum,
  nesterov,
  stepSize,
}: MomentumUpdate): void {
  tf.tidy(() => {
    const step = typeof stepSize === 'number' ? tf.scalar(stepSize) : stepSize;
    updateInPlace(
      {
        op: 'ResourceApplyMomentum',
        variables: [variable, velocity],
        inputs: [step, gradient, tf.scalar(momentum)],
        attributes: { use_nesterov: { kind: 'bool', value: nesterov } },
      },
      () => {
        velocity.assign(tf.add(tf.mul(velocity, momentum), gradient));
        const direction = nesterov ? tf.add(gradient, tf.mul(velocity, momentum)) : velocity;
        variable.assign(tf.sub(variable, tf.mul(direction, step)));
      },
    );
  });
}
