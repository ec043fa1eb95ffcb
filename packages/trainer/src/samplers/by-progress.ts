import type { Heads } from '@espalier/core';
import { withFloor } from './floor.js';
import type { Sampler } from './sampler.js';
import { randomChoice } from './task-choice.js';
import { type TaskSamplerOptions, taskSampler } from './task-sampler.js';

/**
 * The faster a task's loss changes, for better or worse, the likelier it is: p ∝ |slow − fast| / |slow|, its means over
 * the last 100 and the last 10 steps or so. A tenth of the draws is uniform, so that no task is forgotten.
 *
 * After T. Matiisen et al., "Teacher-Student Curriculum Learning", 2017, section 3: draws by the absolute slope of the
 * learning curve, so that what is forgotten is practised again. There the slope is one of scores, here of losses.
 */
export function byProgress<H extends Heads>(options: TaskSamplerOptions<H> = {}): Sampler<H> {
  return taskSampler(
    randomChoice(
      'byProgress',
      ({ trends }) =>
        withFloor(
          trends.map((trend) => {
            if (trend === null) return undefined;
            return trend.slow === 0 ? 0 : Math.abs((trend.slow - trend.fast) / trend.slow);
          }),
        ),
      true,
    ),
    options,
  );
}
