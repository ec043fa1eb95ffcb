import type { Features, Trunk } from '@espalier/core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { applyCopies } from './apply-copies.js';

/** The tasks' features behind one stage, by task. */
export type ByTask = ReadonlyMap<string, SymbolicTensor>;

/**
 * Leads every task through its own copy of the trunk.
 *
 * @param exchange what the tasks tell each other behind a stage: from what its copies give to what comes next.
 */
export function ownTrunks(
  trunk: Trunk,
  input: SymbolicTensor,
  tasks: readonly string[],
  exchange: (stage: string, features: ByTask) => ByTask = (_, features) => features,
): ReadonlyMap<string, Features> {
  let latest: ByTask = new Map(tasks.map((task) => [task, input]));
  const steps = trunk.map((stage) => {
    const { name } = stage;
    const outputs = applyCopies(
      stage,
      new Map([...latest].map(([task, features]) => [`${task}/${name}`, features])),
    );
    latest = exchange(name, new Map(tasks.map((task, index) => [task, outputs[index]])));
    return latest;
  });
  return new Map(tasks.map((task) => [task, steps.map((features) => features.get(task)!)]));
}
