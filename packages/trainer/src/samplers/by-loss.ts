import type { Heads } from '@espalier/core';
import { TrainerError } from '../errors.js';
import { withFloor } from './floor.js';
import type { Sampler } from './sampler.js';
import { randomChoice } from './task-choice.js';
import { type TaskSamplerOptions, taskSampler } from './task-sampler.js';

/**
 * The further a task's loss still is from 0, the likelier it is: p ∝ loss / first loss, its mean over the last 10 steps
 * or so. A tenth of the draws is uniform, so that no task is forgotten. Losses of different kinds are comparable only
 * by what is left of them; this ratio is the training rate of GradNorm.
 *
 * Z. Chen et al., "GradNorm", ICML 2018, section 3.1 (the ratio; there it sets gradient norms, not draws).
 */
export function byLoss<H extends Heads>(options: TaskSamplerOptions<H> = {}): Sampler<H> {
  return taskSampler(
    randomChoice(
      'byLoss',
      ({ tasks, trends }) =>
        withFloor(
          trends.map((trend, task) => {
            if (trend === null) return undefined;
            if (trend.first > 0) return Math.max(trend.fast / trend.first, 0);
            throw new TrainerError(
              `Task "${tasks[task]}": the sampler byLoss compares losses with the first, which is ${trend.first}; ` +
                'expected one above 0. Take another sampler.',
            );
          }),
        ),
      true,
    ),
    options,
  );
}
