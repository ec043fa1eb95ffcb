import { TaskError } from '@espalier/core';
import { type TaskMatrix, taskMatrix } from './task-matrix.js';

/**
 * What learning two tasks together does for each, from training every task alone and every pair: the entry of the row i
 * and the column j is the share of j's loss alone that learning with i takes away, 1 − L_j(i, j) / L_j(j). Negative: i
 * harms j. `groupTasks` takes it as an affinity.
 *
 * T. Standley et al., "Which Tasks Should Be Learned Together in Multi-task Learning?", ICML 2020, section 3.
 *
 * @param train trains a network for these tasks under one budget, T + T (T − 1) / 2 times, one after another, and gives
 *   each task's loss on examples that were not trained on.
 * @throws TaskError when a loss is missing, not finite, or alone not above 0.
 */
export async function transferMatrix<T extends string>(
  tasks: readonly T[],
  train: (tasks: readonly T[]) => Promise<Readonly<Partial<Record<T, number>>>>,
): Promise<TaskMatrix> {
  const alone = new Map<string, number>();
  for (const task of tasks) alone.set(task, lossOf(task, [task], await train([task])));
  const gains = new Map<string, number>();
  for (const [index, first] of tasks.entries()) {
    for (const second of tasks.slice(index + 1)) {
      const pair = [first, second] as const;
      const losses = await train(pair);
      for (const [source, target] of [pair, [second, first] as const]) {
        gains.set(JSON.stringify([source, target]), 1 - lossOf(target, pair, losses) / alone.get(target)!);
      }
    }
  }
  return taskMatrix(tasks, (row, column) => (row === column ? 0 : gains.get(JSON.stringify([row, column]))!));
}

function lossOf<T extends string>(
  task: T,
  trained: readonly T[],
  losses: Readonly<Partial<Record<T, number>>>,
): number {
  const loss = losses[task];
  if (loss === undefined || !Number.isFinite(loss) || (trained.length === 1 && loss <= 0)) {
    throw new TaskError(
      task,
      `its loss after training ${trained.join(' and ')} is ${loss}; expected a finite number${trained.length === 1 ? ' above 0' : ''}.`,
    );
  }
  return loss;
}
