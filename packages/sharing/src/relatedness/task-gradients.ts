import type { Batch, Heads, MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';

/** One task's gradient, by the variable's name; no entry where the task's loss does not reach. */
export type TaskGradient = Readonly<Record<string, tf.Tensor>>;

/**
 * The gradient of every task that has a label in the batch, for the caller to dispose of. Layers work as in prediction,
 * so that nothing is drawn and no statistics move: to measure must not change the training.
 */
export function taskGradients<H extends Heads>(
  model: MultiTaskModel<H>,
  batch: Batch<H>,
): ReadonlyMap<string, TaskGradient> {
  const gradients = new Map<string, TaskGradient>();
  for (const { name } of model.tasks) {
    if (batch.targets[name].labelled === 0) continue;
    const { value, grads } = tf.variableGrads(
      () => model.losses(batch, { training: false })[name] as tf.Scalar,
      model.variables,
    );
    value.dispose();
    const reached = Object.entries(grads).filter(([, gradient]) => gradient !== null);
    gradients.set(name, Object.fromEntries(reached));
  }
  return gradients;
}

/** A number for every ordered pair of tasks: `get(row)!.get(column)`. */
export type TaskMatrix = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** A matrix from a function of its row's and its column's task. */
export function taskMatrix(
  tasks: readonly string[],
  entry: (row: string, column: string) => number,
): TaskMatrix {
  return new Map(
    tasks.map((row) => [row, new Map(tasks.map((column) => [column, entry(row, column)] as const))]),
  );
}

/** The mean of matrices of the same tasks, such as those of many batches. */
export function meanMatrix(matrices: readonly TaskMatrix[]): TaskMatrix {
  const tasks = [...(matrices[0]?.keys() ?? [])];
  return taskMatrix(
    tasks,
    (row, column) =>
      matrices.reduce((sum, matrix) => sum + matrix.get(row)!.get(column)!, 0) / matrices.length,
  );
}
