import { TaskError } from '@espalier/core';
import { SharingError } from '../errors.js';
import { bestPartitions } from './best-partitions.js';
import type { TaskMatrix } from './task-matrix.js';

export interface GroupTasksOptions {
  /** How much each task, the row, helps each other, the column. */
  readonly affinity: TaskMatrix;
  /** The most that all groups together may cost. */
  readonly budget: number;
  /** What a network for these tasks costs, more than 0: 1 where it is not given, so that the budget counts networks. */
  readonly cost?: (group: readonly string[]) => number;
}

export interface TaskGrouping {
  readonly groups: readonly (readonly string[])[];
  /** The sum over all tasks of the mean affinity of their group's other tasks onto them; of a task alone it is 0. */
  readonly affinity: number;
  readonly cost: number;
}

/** The number of tasks up to which the search is exact in a moment; beyond it, it would take minutes. */
const MOST_TASKS = 12;

/**
 * Which tasks to train together: the partition of the tasks into groups that has the greatest affinity within the
 * budget; of equals the cheapest. The search is exact.
 *
 * C. Fifty et al., "Efficiently Identifying Task Groupings for Multi-Task Learning" (TAG), NeurIPS 2021, section 3.3,
 * with groups that do not overlap.
 *
 * @throws SharingError when no grouping meets the budget, or there are more than 12 tasks.
 * @throws TaskError when an affinity is missing or not finite.
 */
export function groupTasks({ affinity, budget, cost = () => 1 }: GroupTasksOptions): TaskGrouping {
  const tasks = [...affinity.keys()];
  if (tasks.length === 0 || tasks.length > MOST_TASKS) {
    throw new SharingError(`There are ${tasks.length} tasks to group; it can be 1 to ${MOST_TASKS}.`);
  }
  checkAffinity(affinity, tasks);

  const members = (mask: number) => tasks.filter((_, index) => mask & (1 << index));
  const block = (mask: number) => {
    const group = members(mask);
    return [{ affinity: groupAffinity(affinity, group), cost: cost(group), parts: [group] }];
  };
  const [best] = bestPartitions(tasks.length, block, budget).at(-1)!;
  if (best === undefined) {
    throw new SharingError(
      `No grouping of ${tasks.join(', ')} meets the budget of ${budget}; one network for all costs ${cost(tasks)}.`,
    );
  }
  return { groups: best.parts, affinity: best.affinity, cost: best.cost };
}

/** The sum over the group's tasks of the mean affinity of the others onto them; of a task alone it is 0. */
export function groupAffinity(affinity: TaskMatrix, group: readonly string[]): number {
  if (group.length < 2) return 0;
  let sum = 0;
  for (const source of group) {
    for (const target of group) {
      if (source !== target) sum += affinity.get(source)!.get(target)! / (group.length - 1);
    }
  }
  return sum;
}

/** @throws TaskError when an affinity between two of the tasks is missing or not finite. */
export function checkAffinity(affinity: TaskMatrix, tasks: readonly string[]): void {
  for (const source of tasks) {
    for (const target of tasks) {
      const value = affinity.get(source)?.get(target);
      if (source !== target && !Number.isFinite(value)) {
        throw new TaskError(source, `its affinity onto "${target}" is ${value}; give a finite number.`);
      }
    }
  }
}
