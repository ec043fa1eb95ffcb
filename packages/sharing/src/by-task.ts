import type { ByTask, Features } from '@espalier/core';

/** What some of the tasks have. */
export function only(tasks: readonly string[], all: ByTask): ByTask {
  return new Map(tasks.map((task) => [task, all.get(task)!]));
}

/** From what the tasks have behind each stage, in the trunk's order, to each task's features. */
export function featuresByTask(steps: readonly ByTask[]): ReadonlyMap<string, Features> {
  const tasks = [...steps[0].keys()];
  return new Map(tasks.map((task) => [task, steps.map((step) => step.get(task)!)]));
}
