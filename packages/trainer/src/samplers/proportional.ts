import type { Heads } from '@espalier/core';
import type { Sampler } from './sampler.js';
import { randomChoice } from './task-choice.js';
import { type TaskSamplerOptions, taskSampler } from './task-sampler.js';

/** A task is as likely as the number n of examples with its label: p ∝ n. */
export function proportional<H extends Heads>(options: TaskSamplerOptions<H> = {}): Sampler<H> {
  return taskSampler(
    randomChoice('proportional', ({ sizes }) => sizes),
    options,
  );
}
