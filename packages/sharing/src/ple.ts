import type { ByTask, Sharing } from '@espalier/core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { featuresByTask, only } from './by-task.js';
import type { CgcOptions } from './cgc.js';
import { checkCount } from './errors.js';
import { addGate, addMixture, applyExperts, ownExperts, sees, sharedExperts } from './experts.js';
import { sharedUpTo } from './shared-up-to.js';

/** The experts of every level; each stage of the trunk is a level. */
export type PleOptions = CgcOptions;

/**
 * PLE, progressive layered extraction: CGC in several levels, one a stage of the trunk. At every level each task has
 * experts of its own that go on from its features, and shared experts go on from the shared features; a task's gate
 * mixes its own experts and the shared ones, and a shared gate all of them, but for the last level.
 *
 * H. Tang et al., "Progressive Layered Extraction (PLE): A Novel Multi-Task Learning Model for Personalized
 * Recommendations", RecSys 2020, section 4.2. Of features with positions, such as maps and sequences, the gates see
 * the mean.
 */
export function ple({ shared, own, from }: PleOptions): Sharing {
  checkCount('shared', shared, 1);
  checkCount('own', own, 0);
  return {
    kind: `ple(${JSON.stringify({ shared, own, from })})`,
    connect(trunk, inputs) {
      const { shared: before, entry, stages } = sharedUpTo(trunk, inputs, from);
      const tasks = [...inputs.keys()];
      const experts = [...tasks.flatMap((task) => ownExperts(task, own)), ...sharedExperts(shared)];
      let latest = entry;
      let common = entry;
      const levels = stages.map((stage, level): ByTask => {
        const { name } = stage;
        const outputs = applyExperts(
          stage,
          experts,
          experts.map(({ task }) => (task === undefined ? common : only([task], latest))),
        );
        const former = latest;
        latest = new Map(
          tasks.map((task) => {
            const seen = outputs.flatMap((output, place) =>
              sees(task, experts[place]) ? [output.get(task)!] : [],
            );
            const gate = addGate(`${task}/${name}/gate`, former.get(task)!, seen.length);
            return [task, addMixture(`${task}/${name}/mixture`, gate, seen)];
          }),
        );
        if (level < stages.length - 1) common = mixCommon(name, common, outputs);
        return latest;
      });
      return featuresByTask([...before, ...levels]);
    },
  };
}

/**
 * What the shared experts of the next level go on from. Tasks that have one input have it in common; of inputs a task,
 * each is mixed from the experts that saw it.
 */
function mixCommon(stage: string, common: ByTask, outputs: readonly ByTask[]): ByTask {
  const inputs = [...new Set(common.values())];
  return new Map(
    inputs.flatMap((input) => {
      const tasks = [...common.keys()].filter((task) => common.get(task) === input);
      const prefix = inputs.length === 1 ? stage : `${stage}/${tasks.join('/')}`;
      const seen = [...new Set(outputs.flatMap((output) => tasks.flatMap((task) => output.get(task) ?? [])))];
      const mixed = addMixture(`${prefix}/mixture`, addGate(`${prefix}/gate`, input, seen.length), seen);
      return tasks.map((task): [string, SymbolicTensor] => [task, mixed]);
    }),
  );
}
