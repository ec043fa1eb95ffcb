import type { Heads } from '@espalier/core';
import type { Sampler } from './sampler.js';
import { randomChoice } from './task-choice.js';
import { type TaskSamplerOptions, taskSampler } from './task-sampler.js';

/**
 * From nearly proportional in the first epoch towards uniform in the last: p ∝ n^α for a task with n examples, with
 * α = 1 − 0.8 (e − 1)/(E − 1) in epoch e of E.
 *
 * A. C. Stickland, I. Murray, "BERT and PALs", ICML 2019, "annealed sampling".
 */
export function annealed<H extends Heads>(options: TaskSamplerOptions<H> = {}): Sampler<H> {
  return taskSampler(
    randomChoice('annealed', ({ sizes, epoch, epochs }) => {
      const alpha = epochs === 1 ? 1 : 1 - (0.8 * (epoch - 1)) / (epochs - 1);
      return sizes.map((size) => size ** alpha);
    }),
    options,
  );
}
