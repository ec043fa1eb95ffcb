import type { ByTask, Features, Trunk } from '@espalier/core';
import { applyCopies } from './apply-copies.js';
import { featuresByTask, only } from './by-task.js';
import { sharedUpTo } from './shared-up-to.js';

/** What the tasks tell each other behind a stage: from what its copies give to what comes next. */
type Exchange = (stage: string, features: ByTask) => ByTask;

/** Leads every task through its own copy of the trunk. */
export function ownTrunks(
  trunk: Trunk,
  inputs: ByTask,
  exchange: Exchange = (_, features) => features,
): ReadonlyMap<string, Features> {
  return exchangeFrom(trunk, inputs, trunk[0].name, exchange);
}

/**
 * Leads all tasks through the same stages up to the one that `from` names (the last one without a name), and every task
 * through its own copy of the others.
 *
 * @throws StageError when the trunk has no stage of that name.
 */
export function exchangeFrom(
  trunk: Trunk,
  inputs: ByTask,
  from: string = trunk[trunk.length - 1].name,
  exchange: Exchange,
): ReadonlyMap<string, Features> {
  const { shared, entry, stages } = sharedUpTo(trunk, inputs, from);
  let latest = entry;
  const steps = stages.map((stage) => {
    const { name } = stage;
    latest = exchange(name, applyOwnCopies(stage, name, latest));
    return latest;
  });
  return featuresByTask([...shared, ...steps]);
}

/** Runs every task's features through its own copy of a stage, which is named after the task. */
function applyOwnCopies(stage: Trunk[number], name: string, features: ByTask): ByTask {
  const tasks = [...features.keys()];
  const copies = applyCopies(
    stage,
    new Map(tasks.map((task) => [`${task}/${name}`, only([task], features)])),
  );
  return new Map(copies.flatMap((own) => [...own]));
}

/** For every stage the names of the tasks' own copies of it. */
export function copyNames(trunk: Trunk, inputs: ByTask): string[][] {
  return trunk.map(({ name }) => [...inputs.keys()].map((task) => `${task}/${name}`));
}
