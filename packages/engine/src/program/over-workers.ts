import type * as tf from '@tensorflow/tfjs-core';
import { withMethods } from './with-methods.js';

type Mark = (tensor: tf.Tensor) => tf.Tensor;

const current: { mark: Mark } = { mark: (tensor) => tensor };

/** Has `mark` see what `run` sums over workers. */
export function whileMarked<R>(mark: Mark, run: () => R): R {
  return withMethods(current, { mark }, run);
}

/**
 * The sum of a tensor over the workers of a cluster, each of which has computed it from its own examples. On one
 * machine, and without tracing, it is the tensor itself.
 *
 * What comes before it runs on every worker, what comes after it where the variables are. So for a mean over all
 * examples, multiply by the part of them that a worker has. It has no gradient: sum gradients, not losses.
 */
export function overWorkers<T extends tf.Tensor>(tensor: T): T {
  return current.mark(tensor) as T;
}
