import type { Sharing } from '@espalier/core';
import { applyCopies } from './apply-copies.js';
import type { CgcOptions } from './cgc.js';
import { checkCount } from './errors.js';
import { addGate, addMixture, beforeExperts, expertName, ownExperts, sharedExperts } from './experts.js';

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
    connect(trunk, input, tasks) {
      const before = beforeExperts(trunk, input, from);
      const features = new Map(tasks.map((task) => [task, [...before.shared]]));
      let latest = new Map(tasks.map((task) => [task, before.entry]));
      let common = before.entry;
      const experts = [...tasks.flatMap((task) => ownExperts(task, own)), ...sharedExperts(shared)];
      for (const [level, stage] of before.stages.entries()) {
        const { name } = stage;
        const outputs = applyCopies(
          stage,
          new Map(
            experts.map((expert) => [
              expertName(expert, name),
              expert.task === undefined ? common : latest.get(expert.task)!,
            ]),
          ),
        );
        const mixed = tasks.map((task) => {
          const seen = outputs.filter((_, place) => [task, undefined].includes(experts[place].task));
          const gate = addGate(`${task}/${name}/gate`, latest.get(task)!, seen.length);
          return addMixture(`${task}/${name}/mixture`, gate, seen);
        });
        latest = new Map(tasks.map((task, index) => [task, mixed[index]]));
        for (const task of tasks) features.get(task)!.push(latest.get(task)!);
        if (level < before.stages.length - 1) {
          const gate = addGate(`${name}/gate`, common, outputs.length);
          common = addMixture(`${name}/mixture`, gate, outputs);
        }
      }
      return features;
    },
  };
}
