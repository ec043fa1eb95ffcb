/**
 * The same methods on TensorFlow.js tensors. The gradients stay on the engine: what is read from it are the T x T inner
 * products, or for methods that need the gradients themselves, the gradients.
 *
 * Everything is synchronous. Where a loop reads the engine asynchronously, or a program is traced, `gramian` and
 * `combine` are the two halves of `aggregate`, and the method's own `step` stands between them.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Aggregator, AggregatorContext, Rows } from './aggregator.js';
import { InputError } from './errors.js';
import { dot } from './vector.js';
import type { TaskState, Weighting, WeightingContext } from './weighting.js';

/** One list a task, one gradient a shared variable, in the order of the variables; `undefined` is an absent task. */
export type TaskGradients = readonly (readonly tf.Tensor[] | undefined)[];

/** One scalar a task; `undefined` is an absent task. */
export type TaskLosses = readonly (tf.Scalar | undefined)[];

export interface TensorDirection<State> {
  /** One tensor a variable, to subtract from it: yours to dispose. Empty where every task is absent. */
  readonly direction: tf.Tensor[];
  readonly state: State;
  readonly residual: number;
  readonly fallback?: string;
  /** One a task; only of methods that work by weights. */
  readonly weights?: Float64Array;
}

export interface TensorLoss<State> {
  /** The combined loss: its value is the method's, and so is its gradient. Yours to dispose. */
  readonly loss: tf.Scalar;
  /** The T losses, as they were read. */
  readonly losses: readonly (number | undefined)[];
  readonly weights: Float64Array;
  readonly state: State;
  /** d loss / d parameter for methods with learned parameters; `state` already holds the updated ones. */
  readonly gradients?: Readonly<Record<string, Float64Array>>;
}

/**
 * A step of any aggregator on gradients that are tensors.
 *
 * What is read from the engine: nothing where the method looks at no gradient (`needs` is `losses`), and such a method
 * does not notice a gradient that is not finite; the T x T Gramian where `needs` is `gramian`; and where it is
 * `jacobian` (GradDrop, trimmed mean, MoCo, ExcessMTL, DB-MTL, by group) all T x n numbers, since these methods compute
 * on the host. On a GPU, prefer the former two.
 *
 * The gradients stay yours.
 */
export function aggregate<State extends TaskState>(
  aggregator: Aggregator<State>,
  state: State,
  gradients: TaskGradients,
  context: AggregatorContext = {},
): TensorDirection<State> {
  checkShapes(aggregator.name, gradients);
  if (aggregator.needs === 'jacobian') {
    const step = aggregator.step(state, readRows(gradients), context);
    return { ...step, direction: toTensors(step.direction, gradients.find(isPresent) ?? []) };
  }
  const needs = aggregator.needsNext?.(state) ?? aggregator.needs;
  const input = needs === 'gramian' ? readGramian(gradients) : gradients.map((row) => row && 0);
  const step = aggregator.step(state, input, context);
  return { ...step, direction: combine(gradients, step.weights) };
}

/**
 * A step of a weighting on losses that are tensors, from one read of T numbers. It may be called inside `tf.grad`,
 * `tf.variableGrads` and `optimizer.minimize`: the weights are constants there, as the methods want it.
 */
export function weigh<State extends TaskState>(
  weighting: Weighting<State>,
  state: State,
  losses: TaskLosses,
  context: WeightingContext = {},
): TensorLoss<State> {
  const numbers = readLosses(losses);
  const { value, ...step } = weighting.step(state, numbers, context);
  return {
    ...step,
    losses: numbers,
    loss: tf.tidy(() => {
      const weighted = losses.flatMap((loss, task) => (loss ? [tf.mul(loss, step.weights[task]!)] : []));
      // What the method's value has beyond the weighted sum, such as a logarithm, has its gradient in the weights.
      const rest =
        value -
        dot(
          step.weights,
          numbers.map((loss) => loss ?? 0),
        );
      return tf.addN([...weighted, tf.scalar(rest)]) as tf.Scalar;
    }),
  };
}

/** The losses as numbers, from one read; for `afterUpdate` of FAMO, and for `context.losses`. */
export function readLosses(losses: TaskLosses): (number | undefined)[] {
  const present = losses.filter(isPresent);
  if (present.length === 0) return losses.map(() => undefined);
  const numbers = read(() => tf.stack(present));
  let next = 0;
  return losses.map((loss) => loss && numbers[next++]);
}

/**
 * The inner products of the tasks' gradients, from one read: for `context.gramian` of GradNorm, for MGDA-UB on the
 * gradients with respect to a representation, and for reports. In single precision, and handed as such, so that ranks
 * are judged by it.
 */
export function readGramian(gradients: TaskGradients): Rows {
  const tasks = gradients.length;
  const present = gradients.flatMap((row, task) => (row ? [task] : []));
  if (present.length === 0) return gradients.map(() => undefined);
  const values = read(() => gramian(gradients));
  return gradients.map((row, task) => {
    if (!row) return undefined;
    const own = present.indexOf(task) * present.length;
    const products = new Float32Array(tasks);
    present.forEach((other, k) => {
      products[other] = values[own + k]!;
    });
    return products;
  });
}

/** J J^T of the tasks in the batch, and only of them, on the engine: yours to dispose. */
export function gramian(gradients: TaskGradients): tf.Tensor2D {
  return tf.tidy(() => {
    const rows = gradients.filter(isPresent);
    // Variable by variable: the Jacobian is never there a second time.
    const parts = (rows[0] ?? []).map((_, variable) => innerProducts(rows.map((row) => row[variable]!)));
    return (parts.length > 0 ? tf.addN(parts) : tf.zeros([rows.length, rows.length])) as tf.Tensor2D;
  });
}

/**
 * The weighted sum of the gradients, one tensor a variable: yours to dispose.
 *
 * @param weights One a task; the entries of absent tasks are not looked at. A tensor where the weights of a traced
 *   program are its inputs.
 */
export function combine(gradients: TaskGradients, weights: ArrayLike<number> | tf.Tensor1D): tf.Tensor[] {
  return tf.tidy(() => {
    const factors = weights instanceof tf.Tensor ? tf.unstack(weights) : weights;
    return (gradients.find(isPresent) ?? []).map((_, variable) =>
      tf.addN(gradients.flatMap((row, task) => (row ? [tf.mul(row[variable]!, factors[task]!)] : []))),
    );
  });
}

/**
 * The WASM backend adds up a row's products one after the other, in single precision: over a million numbers that is
 * wrong in the fourth digit. Blocks as long as there are blocks keep the seventh.
 */
function innerProducts(rows: readonly tf.Tensor[]): tf.Tensor2D {
  const size = rows[0]!.size;
  const block = Math.ceil(Math.sqrt(size));
  const blocks = Math.ceil(size / block);
  const parts = rows.map((row) =>
    tf.reshape(tf.pad(tf.reshape(row, [size]), [[0, blocks * block - size]]), [blocks, 1, block]),
  );
  const blocked = tf.concat(parts, 1);
  return tf.sum(tf.matMul(blocked, blocked, false, true), 0);
}

const isPresent = <Item>(item: Item | undefined): item is Item => item !== undefined;

/** What a tensor holds. It is disposed, also where reading fails. */
function read(compute: () => tf.Tensor): Float32Array {
  const tensor = tf.tidy(compute);
  try {
    return tensor.dataSync<'float32'>();
  } finally {
    tensor.dispose();
  }
}

/** The Jacobian on the host. */
function readRows(gradients: TaskGradients): Rows {
  return gradients.map((row) => {
    if (!row) return undefined;
    if (row.length === 0) return new Float32Array();
    return read(() => tf.concat(row.map((gradient) => tf.reshape(gradient, [-1]))));
  });
}

/** A direction in the shapes of the variables. */
function toTensors(direction: Float64Array, like: readonly tf.Tensor[]): tf.Tensor[] {
  let from = 0;
  return tf.tidy(() =>
    like.map(({ shape, size }) => {
      const part = Float32Array.from(direction.subarray(from, from + size));
      from += size;
      return tf.tensor(part, shape);
    }),
  );
}

function checkShapes(method: string, gradients: TaskGradients): void {
  const shapes = (row: readonly tf.Tensor[]) => row.map(({ shape }) => `[${shape.join(', ')}]`).join(' ');
  const first = gradients.find(isPresent);
  gradients.forEach((row, task) => {
    if (row && first && shapes(row) !== shapes(first))
      throw new InputError(method, `gradients of task ${task} in the shapes ${shapes(first)}`, shapes(row));
  });
}
