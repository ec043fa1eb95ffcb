import type { Heads } from '@espalier/core';
import { TrainerError } from '../errors.js';
import type { Sampler } from './sampler.js';
import { randomChoice } from './task-choice.js';
import { type TaskSamplerOptions, taskSampler } from './task-sampler.js';

export interface TemperatureOptions<H extends Heads> extends TaskSamplerOptions<H> {
  /** 1 is proportional to size; the higher, the closer to uniform. */
  readonly temperature: number;
}

/**
 * Between proportional and uniform: p ∝ n^(1/T) for a task with n examples.
 *
 * N. Arivazhagan et al., "Massively Multilingual Neural Machine Translation in the Wild", 2019, "temperature based sampling".
 */
export function temperature<H extends Heads>({ temperature, ...options }: TemperatureOptions<H>): Sampler<H> {
  if (!(temperature > 0)) {
    throw new TrainerError(`The sampler's temperature is ${temperature}; expected a number above 0.`);
  }
  return taskSampler(
    randomChoice(`temperature ${temperature}`, ({ sizes }) => sizes.map((size) => size ** (1 / temperature))),
    options,
  );
}
