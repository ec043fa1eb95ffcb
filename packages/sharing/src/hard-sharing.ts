import { applyShared, type Sharing } from '@espalier/core';
import { featuresByTask } from './by-task.js';

/**
 * Hard parameter sharing: one trunk for all tasks, and a head for each behind its last stage.
 *
 * R. Caruana, "Multitask Learning", Machine Learning 28 (1997), section 1.
 */
export function hardSharing(): Sharing {
  return {
    kind: 'hard',
    connect(trunk, inputs) {
      let latest = inputs;
      const steps = trunk.map((stage) => {
        latest = applyShared(stage, latest);
        return latest;
      });
      return featuresByTask(steps);
    },
  };
}
