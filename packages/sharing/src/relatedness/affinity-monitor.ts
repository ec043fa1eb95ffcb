import { type Batch, type Heads, type InputKind, type MultiTaskModel, TaskError } from '@espalier/core';
import { lookahead } from './lookahead.js';
import type { TaskAffinityOptions } from './task-affinity.js';
import { matrixTable, type TaskMatrix, taskMatrix } from './task-matrix.js';

export interface AffinityMonitor<H extends Heads, I extends InputKind = 'common'> {
  /** Measures one batch of the training; the model and the batch stay as they are. */
  observe(batch: Batch<H, I>): Promise<void>;
  /**
   * The affinity of every task, the row, onto every other, the column, so far.
   *
   * @throws TaskError when no batch had labels of two of the tasks.
   */
  matrix(): TaskMatrix;
  /** The matrix as a table to print. */
  table(): string;
}

/**
 * Measures over a training how much the tasks' updates help each other: the affinity of i onto j is the share of j's
 * losses, summed over all batches, that lookahead steps for i take away, 1 − Σ L_j(after) / Σ L_j(before).
 *
 * C. Fifty et al. (see `taskAffinity`) take the mean of the batches' affinities. Late in a training, when what tasks have
 * in common is learned and their gradients cancel out, these are large against small losses, and turn the mean around;
 * in the share of the sum they count as little as the losses do. Let the heads begin at zero, `startHeadsAtZero`: else
 * what counts in the first steps is how heads were drawn, and not how tasks relate.
 */
export function affinityMonitor<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  { learningRate }: TaskAffinityOptions,
): AffinityMonitor<H, I> {
  const sums = new Map<string, { before: number; after: number }>();
  const matrix = () =>
    taskMatrix(
      model.tasks.map(({ name }) => name),
      (source, target) => {
        const sum = sums.get(JSON.stringify([source, target]));
        if (sum === undefined) {
          throw new TaskError(source, `no batch that was observed has its labels and those of "${target}".`);
        }
        return 1 - sum.after / sum.before;
      },
    );
  return {
    async observe(batch) {
      const { tasks, before, after } = await lookahead(model, batch, learningRate);
      for (const [row, source] of tasks.entries()) {
        for (const [column, target] of tasks.entries()) {
          const key = JSON.stringify([source, target]);
          const sum = sums.get(key) ?? { before: 0, after: 0 };
          sum.before += before[column];
          sum.after += after[row][column];
          sums.set(key, sum);
        }
      }
    },
    matrix,
    table: () => matrixTable(matrix()),
  };
}
