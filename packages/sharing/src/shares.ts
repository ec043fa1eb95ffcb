import * as tf from '@tensorflow/tfjs-core';
import type { LayerWeight } from './layer.js';

/** Factors that begin with `own` at one place and share the rest among the others. */
export function shares(count: number, place: number, own: number): number[] {
  return Array.from({ length: count }, (_, index) =>
    index === place ? own : count === 1 ? 0 : (1 - own) / (count - 1),
  );
}

/** Has a weight begin with these values. */
export function writeInitial(weight: LayerWeight, values: number[] | number[][]): void {
  const initial = tf.tensor(values);
  weight.write(initial);
  initial.dispose();
}

/** The features, each times its factor, as a sum: the factors' first axis goes over the features. */
export function weightedSum(features: readonly tf.Tensor[], factors: tf.Tensor): tf.Tensor {
  const each = tf.unstack(factors);
  return tf.addN(features.map((own, index) => tf.mul(own, each[index])));
}
