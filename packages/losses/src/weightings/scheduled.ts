import { finite, perTask } from '../check.js';
import { ContextError } from '../errors.js';
import { dot } from '../vector.js';
import { statelessWeighting, type Weighting } from '../weighting.js';

export interface ScheduledOptions {
  /** The weights at a step, one a task. */
  readonly weights: (step: number) => readonly number[];
}

/** sum_i w_i(step) L_i: any function of `context.step`, e.g. to bring a task in late or to let one fade. */
export function scheduled({ weights: at }: ScheduledOptions): Weighting {
  return statelessWeighting(
    'scheduled',
    ({ tasks, losses }, { step }, count) => {
      if (step === undefined) throw new ContextError('scheduled', 'context.step', step);
      const all = perTask(
        'scheduled',
        `weights at step ${step}`,
        finite('scheduled', 'weights', at(step)),
        count,
      );
      const weights = Float64Array.from(tasks, (task) => all[task]!);
      return { value: dot(weights, losses), weights };
    },
    'tasks',
  );
}
