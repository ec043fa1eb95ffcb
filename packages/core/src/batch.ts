import * as tf from '@tensorflow/tfjs-core';
import { EspalierError } from './errors.js';
import type { Heads, Labels, TaskName } from './head.js';
import type { InputKind, InputOf, PerInput } from './inputs.js';

/** One example: what goes into the network, and what is known about it. */
export interface Example<L, Input = Float32Array> {
  /** The input's values in row-major order; as many as the model's input shape holds. */
  readonly input: Input;
  readonly labels: L;
}

/** The examples that a model with these heads learns from. */
export type ExampleOf<H extends Heads, I extends InputKind = 'common'> = Example<Labels<H>, InputOf<H, I>>;

/** What a task learns from in one batch. */
export interface Target {
  /** The encoded labels, [batch, ...]; rows of examples without a label are zero. */
  readonly values: tf.Tensor;
  /** 1 for an example that carries the label, 0 for one that does not, [batch]. */
  readonly mask: tf.Tensor1D;
  /** How many examples carry the label. With none, the task takes no part in the update. */
  readonly labelled: number;
}

/** Inputs, and for every task its target and which examples carry that label. Whoever makes a batch disposes of it. */
export interface Batch<H extends Heads, I extends InputKind = 'common'> {
  /** [batch, ...input shape]; of inputs a task, each has the rows of the examples that have that input. */
  readonly inputs: PerInput<H, I, tf.Tensor>;
  readonly targets: { readonly [T in TaskName<H>]: Target };
}

/**
 * A target from encoded values and, for every example, whether it carries the label. The values are the target's
 * from then on. Rows without a label may hold anything, NaN too: they are replaced by zeros, since even a masked
 * NaN would come back in the gradient as NaN · 0.
 */
export function target(values: tf.Tensor, labelled: readonly boolean[]): Target {
  if (values.shape[0] !== labelled.length) {
    throw new EspalierError(
      `A target of ${values.shape[0]} examples has a mask of length ${labelled.length}; give one entry an example.`,
    );
  }
  const mask = tf.tensor1d(labelled.map(Number), 'float32');
  const count = labelled.filter(Boolean).length;
  if (count === labelled.length) return { values, mask, labelled: count };
  const known = tf.tidy(() => {
    const rows = tf.reshape(tf.cast(mask, 'bool'), [labelled.length, ...values.shape.slice(1).fill(1)]);
    return tf.where(rows, values, tf.zerosLike(values));
  });
  values.dispose();
  return { values: known, mask, labelled: count };
}

/** Frees the tensors of a batch. */
export function disposeBatch<H extends Heads, I extends InputKind>(batch: Batch<H, I>): void {
  tf.dispose(tensorsOf(batch));
}

/** Has the batch outlive a `tf.tidy` around it; `disposeBatch` frees it all the same. */
export function keepBatch<H extends Heads, I extends InputKind>(batch: Batch<H, I>): Batch<H, I> {
  tensorsOf(batch).forEach(tf.keep);
  return batch;
}

function tensorsOf<H extends Heads, I extends InputKind>({ inputs, targets }: Batch<H, I>): tf.Tensor[] {
  const own = inputs instanceof tf.Tensor ? [inputs] : Object.values<tf.Tensor>(inputs);
  return [...own, ...Object.values<Target>(targets).flatMap(({ values, mask }) => [values, mask])];
}
