import type { Heads, InputKind, MultiTaskModel, PerInput } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { linearCka } from './linear-cka.js';
import { type TaskMatrix, taskMatrix } from './task-matrix.js';

/**
 * How similar the tasks' features of the same examples are, stage by stage: the linear CKA of every two, from 0 to 1. It
 * is 1 where tasks share their features. Of networks with a copy a task it tells where they could share.
 *
 * @param inputs two examples or more. Where each task has its own input, of the same examples in the same order.
 * @throws SharingError when there is a single example, or the tasks have different numbers of them.
 */
export async function featureSimilarity<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  inputs: PerInput<H, I, tf.Tensor>,
): Promise<ReadonlyMap<string, TaskMatrix>> {
  const tasks = model.tasks.map(({ name }) => name);
  const similarities = new Map<string, TaskMatrix>();
  for (const [index, stage] of model.stages.entries()) {
    const tensors = tasks.map((task) => model.features.get(task)![index]);
    const values = model.valuesOf(tensors, inputs);
    try {
      const found = new Map<string, number>();
      for (const [row, first] of tasks.entries()) {
        for (const [offset, second] of tasks.slice(row).entries()) {
          const similarity = await linearCka(values[row], values[row + offset]);
          found
            .set(JSON.stringify([first, second]), similarity)
            .set(JSON.stringify([second, first]), similarity);
        }
      }
      similarities.set(
        stage,
        taskMatrix(tasks, (first, second) => found.get(JSON.stringify([first, second]))!),
      );
    } finally {
      tf.dispose(values);
    }
  }
  return similarities;
}
