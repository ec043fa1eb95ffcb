import { applyStage, type Features, type Trunk } from '@espalier/core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';

/**
 * Leads every task through the same stages, each followed by what `adapt` adds for the task alone. The first stage runs
 * once, the others once a task, since behind the first the tasks' features differ.
 */
export function adaptedTrunk(
  trunk: Trunk,
  input: SymbolicTensor,
  tasks: readonly string[],
  adapt: (prefix: string, features: SymbolicTensor) => SymbolicTensor,
): ReadonlyMap<string, Features> {
  const [first, ...others] = trunk;
  const common = applyStage(first, input);
  return new Map(
    tasks.map((task) => {
      const features = [adapt(`${task}/${first.name}`, common)];
      for (const stage of others) {
        features.push(adapt(`${task}/${stage.name}`, applyStage(stage, features.at(-1)!)));
      }
      return [task, features];
    }),
  );
}
