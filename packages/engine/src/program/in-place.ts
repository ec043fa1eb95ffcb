import type * as tf from '@tensorflow/tfjs-core';
import type { AttributeValue } from './saved-model.js';
import { withMethods } from './with-methods.js';

/** An operation of TensorFlow on the resources of variables: those come first, the other inputs after them. */
export interface InPlaceUpdate {
  readonly op: string;
  readonly variables: readonly tf.Variable[];
  readonly inputs: readonly tf.Tensor[];
  /** Besides the type. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

type Notice = (update: InPlaceUpdate, run: () => void) => void;

const current: { notice: Notice } = { notice: (_update, run) => run() };

/** Has `notice` told of the updates in place that `run` makes. */
export function whileNoticed<R>(notice: Notice, run: () => R): R {
  return withMethods(current, { notice }, run);
}

/**
 * Changes variables: by one operation of TensorFlow where a step is traced, by `run` elsewhere.
 *
 * @param run Assigns to each of the variables what the operation would make of it.
 */
export function updateInPlace(update: InPlaceUpdate, run: () => void): void {
  current.notice(update, run);
}
