import { annealed } from './annealed.js';
import { byLength } from './by-length.js';
import { byLoss } from './by-loss.js';
import { byProgress } from './by-progress.js';
import { proportional } from './proportional.js';
import { roundRobin } from './round-robin.js';
import { shuffled } from './shuffled.js';
import { temperature } from './temperature.js';
import { uniform } from './uniform.js';

/** Every sampler by its name. */
export const samplers = {
  annealed,
  byLength,
  byLoss,
  byProgress,
  proportional,
  roundRobin,
  shuffled,
  temperature,
  uniform,
};
