import type { Heads } from '@espalier/core';
import type { Sampler } from './sampler.js';
import { randomChoice } from './task-choice.js';
import { type TaskSamplerOptions, taskSampler } from './task-sampler.js';

/** Every task is as likely as the others, however few examples it has. */
export function uniform<H extends Heads>(options: TaskSamplerOptions<H> = {}): Sampler<H> {
  return taskSampler(
    randomChoice('uniform', ({ sizes }) => sizes.map(() => 1)),
    options,
  );
}
