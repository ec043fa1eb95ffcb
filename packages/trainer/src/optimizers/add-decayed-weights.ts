import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer } from './optimizer.js';

/** Which weights shrink: by name and variable. */
export type Decays = (name: string, weight: tf.Variable) => boolean;

/** Kernels shrink; variables of rank 0 and 1 (biases, scales) do not. */
export const onlyKernels: Decays = (_, { rank }) => rank > 1;

/** Adds a part of each weight to its update, so that it shrinks. */
export function addDecayedWeights(weightDecay: number, decays: Decays = onlyKernels): Optimizer {
  return {
    init: (weights) => ({
      slots: new Map(),
      update: (updates) =>
        new Map(
          [...updates].map(([name, update]) => {
            const weight = weights.get(name)!;
            const shrinks = weightDecay !== 0 && decays(name, weight);
            return [name, shrinks ? tf.add(update, tf.mul(weight, weightDecay)) : update];
          }),
        ),
    }),
  };
}
