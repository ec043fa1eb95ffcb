import type { Batch, Heads, InputKind, MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { taskGradients } from './task-gradients.js';
import { type TaskMatrix, taskMatrix } from './task-matrix.js';

/**
 * Inter-task affinity by lookahead: for every task i a step along its gradient is tried on the shared weights, those
 * that several tasks' losses reach, and taken back; the affinity of i onto j is the share of j's loss that the step
 * takes away, 1 − L_j(after) / L_j(before). Positive: i's updates help j. Take the mean over many batches of a training,
 * `meanMatrix`, for a matrix that `groupTasks` can use.
 *
 * C. Fifty et al., "Efficiently Identifying Task Groupings for Multi-Task Learning" (TAG), NeurIPS 2021, section 3. The
 * model is as it was afterwards. A task without a label in the batch has no row and no column.
 */
export async function taskAffinity<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  batch: Batch<H, I>,
  { learningRate }: { readonly learningRate: number },
): Promise<TaskMatrix> {
  const gradients = taskGradients(model, batch);
  const tasks = [...gradients.keys()];
  const shared = model.variables.filter(
    (variable) => tasks.filter((task) => gradients.get(task)!.has(variable)).length > 1,
  );
  const losses = () => {
    const own: Readonly<Record<string, tf.Scalar | undefined>> = model.losses(batch, { training: false });
    return tasks.map((task) => own[task]!);
  };
  const before = losses();
  const after = tasks.map((task) => {
    const originals = shared.map((variable) => variable.clone());
    tf.tidy(() => {
      for (const variable of shared) {
        const gradient = gradients.get(task)!.get(variable);
        if (gradient !== undefined) variable.assign(tf.sub(variable, tf.mul(gradient, learningRate)));
      }
    });
    try {
      return losses();
    } finally {
      for (const [index, variable] of shared.entries()) variable.assign(originals[index]);
      tf.dispose(originals);
    }
  });
  try {
    const numbers = (scalars: readonly tf.Scalar[]) =>
      Promise.all(scalars.map(async (scalar) => (await scalar.data())[0]));
    const base = await numbers(before);
    const steps = await Promise.all(after.map(numbers));
    return taskMatrix(tasks, (source, target) => {
      const [row, column] = [tasks.indexOf(source), tasks.indexOf(target)];
      return 1 - steps[row][column] / base[column];
    });
  } finally {
    tf.dispose([before, after, ...[...gradients.values()].map((own) => [...own.values()])]);
  }
}
