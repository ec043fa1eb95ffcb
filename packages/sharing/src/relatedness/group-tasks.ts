import { TaskError } from '@espalier/core';
import { SharingError } from '../errors.js';
import type { TaskMatrix } from './task-gradients.js';

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

  const all = 2 ** tasks.length - 1;
  const members = (mask: number) => tasks.filter((_, index) => mask & (1 << index));
  const groups = Array.from({ length: all + 1 }, (_, mask) => {
    const group = members(mask);
    return { group, affinity: groupAffinity(affinity, group), cost: mask === 0 ? 0 : cost(group) };
  });

  // For every set of tasks the groupings that no other beats in both affinity and cost.
  const best: Grouping[][] = [[{ masks: [], affinity: 0, cost: 0 }]];
  for (let set = 1; set <= all; set++) {
    const lowest = set & -set;
    const found: Grouping[] = [];
    // Every grouping has one group with the set's first task; the rest is a smaller set.
    for (let mask = set; mask > 0; mask = (mask - 1) & set) {
      if ((mask & lowest) === 0) continue;
      for (const rest of best[set ^ mask]) {
        const grouping = {
          masks: [mask, ...rest.masks],
          affinity: groups[mask].affinity + rest.affinity,
          cost: groups[mask].cost + rest.cost,
        };
        if (grouping.cost <= budget) found.push(grouping);
      }
    }
    best.push(unbeaten(found));
  }
  const [first] = best[all];
  if (first === undefined) {
    throw new SharingError(
      `No grouping of ${tasks.join(', ')} meets the budget of ${budget}; one network for all costs ${groups[all].cost}.`,
    );
  }
  return { groups: first.masks.map(members), affinity: first.affinity, cost: first.cost };
}

interface Grouping {
  readonly masks: readonly number[];
  readonly affinity: number;
  readonly cost: number;
}

/** From the greatest affinity downward, those that are cheaper than all before. */
function unbeaten(groupings: Grouping[]): Grouping[] {
  groupings.sort((a, b) => b.affinity - a.affinity || a.cost - b.cost);
  let cheapest = Number.POSITIVE_INFINITY;
  return groupings.filter(({ cost }) => {
    if (cost >= cheapest) return false;
    cheapest = cost;
    return true;
  });
}

function groupAffinity(affinity: TaskMatrix, group: readonly string[]): number {
  if (group.length < 2) return 0;
  let sum = 0;
  for (const source of group) {
    for (const target of group) {
      if (source !== target) sum += affinity.get(source)!.get(target)! / (group.length - 1);
    }
  }
  return sum;
}

function checkAffinity(affinity: TaskMatrix, tasks: readonly string[]): void {
  for (const source of tasks) {
    for (const target of tasks) {
      const value = affinity.get(source)?.get(target);
      if (source !== target && !Number.isFinite(value)) {
        throw new TaskError(source, `its affinity onto "${target}" is ${value}; give a finite number.`);
      }
    }
  }
}
