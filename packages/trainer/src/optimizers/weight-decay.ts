import * as tf from '@tensorflow/tfjs-core';

export interface WeightDecayOptions {
  /** How fast weights shrink; 0 unless given. */
  readonly weightDecay?: number;
  /** Which weights shrink: those of rank 2 and more (kernels, not biases or scales) unless given. */
  readonly decays?: (name: string, weight: tf.Variable) => boolean;
}

/** How fast a weight shrinks. */
export function decayOf(
  { weightDecay = 0, decays = (_, { rank }) => rank > 1 }: WeightDecayOptions,
  name: string,
  weight: tf.Variable,
): number {
  return decays(name, weight) ? weightDecay : 0;
}

/** Decoupled decay: the weight shrinks on its own, apart from its gradient (I. Loshchilov, F. Hutter, ICLR 2019). */
export function shrink(
  options: WeightDecayOptions,
  name: string,
  weight: tf.Variable,
  learningRate: tf.Scalar,
): void {
  const decay = decayOf(options, name, weight);
  if (decay > 0) weight.assign(tf.mul(weight, tf.sub(1, tf.mul(learningRate, decay))));
}
