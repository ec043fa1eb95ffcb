import { seededRandom } from '@espalier/core';
import { type heads, type Task, tasks } from './network.js';

export const INPUTS = 20;
/** How much of a task is its own, beside one of what its group has in common. */
const OWN = 0.5;

/** The true groups: tasks that have a factor in common, in the order of the tasks. */
export const trueGroups: readonly (readonly Task[])[] = [...new Set(tasks.map(groupOf))].map((group) =>
  tasks.filter((task) => groupOf(task) === group),
);

/** The letter that a task's name begins with. */
export function groupOf(task: string): string {
  return task[0];
}

/**
 * Examples of a family of tasks. A factor is the hyperbolic tangent of a random direction in the input; each group of tasks
 * has one, each task another, and a label is the sum of both.
 */
export function family(seed: number, examples: number) {
  const random = seededRandom(seed);
  const direction = () => Float32Array.from({ length: INPUTS }, () => 2 * random() - 1);
  const common = new Map(trueGroups.map(([task]) => [groupOf(task), direction()]));
  const own = new Map(tasks.map((task) => [task, direction()]));
  const along = (input: Float32Array, factor: Float32Array) =>
    Math.tanh(input.reduce((sum, value, index) => sum + value * factor[index], 0));
  return Array.from({ length: examples }, () => {
    const input = direction();
    const label = (task: Task) =>
      along(input, common.get(groupOf(task))!) + OWN * along(input, own.get(task)!);
    const labels = Object.fromEntries(tasks.map((task) => [task, label(task)]));
    return { input, labels: labels as Record<keyof typeof heads, number> };
  });
}
