import type { Batch, Heads, InputKind, MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { taskGradients } from './task-gradients.js';

/** What one step along each task's gradient does to all tasks' losses. */
export interface Lookahead {
  /** The tasks that have a label in the batch. */
  readonly tasks: readonly string[];
  /** Every task's loss. */
  readonly before: readonly number[];
  /** `after[i][j]`: the loss of task j after a step for task i. */
  readonly after: readonly (readonly number[])[];
}

/**
 * Tries for every task a step along its gradient on the shared weights, those that several tasks' losses reach, and takes
 * it back. Layers work as in prediction; the model is as it was afterwards.
 */
export async function lookahead<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  batch: Batch<H, I>,
  learningRate: number,
): Promise<Lookahead> {
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
    return { tasks, before: await numbers(before), after: await Promise.all(after.map(numbers)) };
  } finally {
    tf.dispose([before, after, ...[...gradients.values()].map((own) => [...own.values()])]);
  }
}
