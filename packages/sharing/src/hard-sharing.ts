import { applyStage, type Sharing } from '@espalier/core';

/**
 * Hard parameter sharing: one trunk for all tasks, and a head for each behind its last stage.
 *
 * R. Caruana, "Multitask Learning", Machine Learning 28 (1997), section 1.
 */
export function hardSharing(): Sharing {
  return {
    kind: 'hard',
    connect(trunk, input, tasks) {
      let last = input;
      const features = trunk.map((stage) => {
        last = applyStage(stage, last);
        return last;
      });
      return new Map(tasks.map((task) => [task, features]));
    },
  };
}
