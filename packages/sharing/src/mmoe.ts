import type { Sharing } from '@espalier/core';
import { checkCount } from './errors.js';
import { addGate, type ExpertPlace, mixtureOfExperts, sharedExperts } from './experts.js';

export interface MmoeOptions extends ExpertPlace {
  /** How many experts there are. With one it is hard sharing. */
  readonly experts: number;
}

/**
 * MMoE, multi-gate mixture-of-experts: several copies of the trunk, the experts, and for every task a gate that says for
 * each example how much each expert counts.
 *
 * J. Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts", KDD 2018,
 * section 4.2. Of features with positions, such as maps and sequences, the gates see the mean.
 */
export function mmoe({ experts, from }: MmoeOptions): Sharing {
  checkCount('experts', experts, 1);
  return {
    kind: `mmoe(${JSON.stringify({ experts, from })})`,
    connect: (trunk, inputs) =>
      mixtureOfExperts(trunk, inputs, {
        from,
        experts: sharedExperts(experts),
        gateOf: (task, entry, count) => addGate(`${task}/gate`, entry, count),
      }),
  };
}
