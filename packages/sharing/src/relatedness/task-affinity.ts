import type { Batch, Heads, InputKind, MultiTaskModel } from '@espalier/core';
import { lookahead } from './lookahead.js';
import { type TaskMatrix, taskMatrix } from './task-matrix.js';

export interface TaskAffinityOptions {
  /** How long the steps that are tried are: the learning rate of the training. */
  readonly learningRate: number;
}

/**
 * Inter-task affinity by lookahead: for every task i a step along its gradient is tried on the shared weights, those
 * that several tasks' losses reach, and taken back; the affinity of i onto j is the share of j's loss that the step
 * takes away, 1 − L_j(after) / L_j(before). Positive: i's updates help j. One batch says little: `affinityMonitor`
 * measures over a training.
 *
 * C. Fifty et al., "Efficiently Identifying Task Groupings for Multi-Task Learning" (TAG), NeurIPS 2021, section 3. The
 * model is as it was afterwards. A task without a label in the batch has no row and no column.
 */
export async function taskAffinity<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  batch: Batch<H, I>,
  { learningRate }: TaskAffinityOptions,
): Promise<TaskMatrix> {
  const { tasks, before, after } = await lookahead(model, batch, learningRate);
  return taskMatrix(tasks, (source, target) => {
    const [row, column] = [tasks.indexOf(source), tasks.indexOf(target)];
    return 1 - after[row][column] / before[column];
  });
}
