import * as tf from '@tensorflow/tfjs-core';
import { withMethods } from './with-methods.js';

type Mark = (tensor: tf.Tensor, share: tf.Scalar | undefined) => tf.Tensor;

const current: { mark: Mark } = {
  mark: (tensor, share) => (share === undefined ? tensor : tf.mul(tensor, share)),
};

/** Has `mark` see what `run` sums over workers. */
export function whileMarked<R>(mark: Mark, run: () => R): R {
  return withMethods(current, { mark }, run);
}

/**
 * The sum of a tensor over the workers of a cluster, each of which has computed it from its own examples. On one
 * machine, and without tracing, it is the tensor itself.
 *
 * What comes before it runs on every worker, what comes after it where the variables are. It has no gradient: sum
 * gradients, not losses.
 *
 * @param share What each worker's tensor is multiplied by: for a mean over all examples, the part of them that a worker
 *   has. An input of the entry, which need not be known when workers compute ahead (`Program.ahead`).
 */
export function overWorkers<T extends tf.Tensor>(tensor: T, share?: tf.Scalar): T {
  return current.mark(tensor, share) as T;
}
