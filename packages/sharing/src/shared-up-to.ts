import { applyShared, type ByTask, StageError, type Trunk } from '@espalier/core';

/**
 * Runs the inputs through the stages that all tasks share, up to the one that `from` names.
 *
 * @returns what the tasks have behind each of these stages, what the next begins with, and the stages from there on.
 * @throws StageError when the trunk has no stage of that name.
 */
export function sharedUpTo(
  trunk: Trunk,
  inputs: ByTask,
  from: string = trunk[0].name,
): { readonly shared: readonly ByTask[]; readonly entry: ByTask; readonly stages: Trunk } {
  const first = trunk.findIndex(({ name }) => name === from);
  if (first === -1) {
    const names = trunk.map(({ name }) => name).join(', ');
    throw new StageError(from, `sharing is to change at it, but the trunk's stages are ${names}.`);
  }
  let entry = inputs;
  const shared = trunk.slice(0, first).map((stage) => {
    entry = applyShared(stage, entry);
    return entry;
  });
  return { shared, entry, stages: trunk.slice(first) };
}
