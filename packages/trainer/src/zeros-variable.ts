import * as tf from '@tensorflow/tfjs-core';

/** A variable of zeros in the shape of another; no optimizer of tfjs would take it for a weight. */
export function zerosVariable({ shape }: { readonly shape: number[] }): tf.Variable {
  return tf.tidy(() => tf.variable(tf.zeros(shape), false));
}

export function setZero(variable: tf.Variable): void {
  variable.assign(tf.zerosLike(variable));
}
