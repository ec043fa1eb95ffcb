import type { ByTask, Features, Trunk } from '@espalier/core';
import { applyCopies } from './apply-copies.js';
import { featuresByTask, only } from './by-task.js';

/**
 * Leads every task through its own copy of the trunk.
 *
 * @param exchange what the tasks tell each other behind a stage: from what its copies give to what comes next.
 */
export function ownTrunks(
  trunk: Trunk,
  inputs: ByTask,
  exchange: (stage: string, features: ByTask) => ByTask = (_, features) => features,
): ReadonlyMap<string, Features> {
  let latest = inputs;
  const steps = trunk.map((stage) => {
    const { name } = stage;
    latest = exchange(name, applyOwnCopies(stage, name, latest));
    return latest;
  });
  return featuresByTask(steps);
}

/** Runs every task's features through its own copy of a stage, which is named after the task. */
export function applyOwnCopies(stage: Trunk[number], name: string, features: ByTask): ByTask {
  const tasks = [...features.keys()];
  const copies = applyCopies(
    stage,
    new Map(tasks.map((task) => [`${task}/${name}`, only([task], features)])),
  );
  return new Map(copies.flatMap((own) => [...own]));
}
