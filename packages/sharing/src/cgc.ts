import type { Sharing } from '@espalier/core';
import { checkCount } from './errors.js';
import { addGate, type ExpertPlace, mixtureOfExperts, ownExperts, sharedExperts } from './experts.js';

export interface CgcOptions extends ExpertPlace {
  /** How many experts all tasks share. */
  readonly shared: number;
  /** How many experts each task has for itself. Without any, and with one shared expert, it is hard sharing. */
  readonly own: number;
}

/**
 * CGC, customized gate control: copies of the trunk as experts, some of them shared and some a task's own. A task's gate
 * says for each example how much its own experts and the shared ones count; other tasks' experts it does not see.
 *
 * H. Tang et al., "Progressive Layered Extraction (PLE): A Novel Multi-Task Learning Model for Personalized
 * Recommendations", RecSys 2020, section 4.1. Of features with positions, such as maps and sequences, the gates see
 * the mean.
 */
export function cgc({ shared, own, from }: CgcOptions): Sharing {
  checkCount('shared', shared, 1);
  checkCount('own', own, 0);
  return {
    kind: `cgc(${JSON.stringify({ shared, own, from })})`,
    connect: (trunk, inputs) =>
      mixtureOfExperts(trunk, inputs, {
        from,
        experts: [...[...inputs.keys()].flatMap((task) => ownExperts(task, own)), ...sharedExperts(shared)],
        gateOf: (task, entry, count) => addGate(`${task}/gate`, entry, count),
      }),
  };
}
