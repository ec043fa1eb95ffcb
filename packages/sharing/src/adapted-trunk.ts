import { applyShared, type ByTask, type Features, type Trunk } from '@espalier/core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { featuresByTask } from './by-task.js';

/**
 * Leads every task through the same stages, each followed by what `adapt` adds for the task alone. Of one input the first
 * stage runs once, the others once a task, since behind the first the tasks' features differ.
 */
export function adaptedTrunk(
  trunk: Trunk,
  inputs: ByTask,
  adapt: (prefix: string, features: SymbolicTensor) => SymbolicTensor,
): ReadonlyMap<string, Features> {
  let latest = inputs;
  const steps = trunk.map((stage) => {
    const shared = applyShared(stage, latest);
    latest = new Map([...shared].map(([task, own]) => [task, adapt(`${task}/${stage.name}`, own)]));
    return latest;
  });
  return featuresByTask(steps);
}
