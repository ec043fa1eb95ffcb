import type { Heads } from '@espalier/core';
import type { Sampler } from './sampler.js';
import { type TaskSamplerOptions, taskSampler } from './task-sampler.js';

/** The tasks in turn, in the order of the model. */
export function roundRobin<H extends Heads>(options: TaskSamplerOptions<H> = {}): Sampler<H> {
  const choose = ({ chosen, tasks }: { chosen: number; tasks: readonly string[] }) => chosen % tasks.length;
  return taskSampler({ name: 'roundRobin', followsLosses: false, choose }, options);
}
