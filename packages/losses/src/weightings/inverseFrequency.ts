import { perTask } from '../check.js';
import { InputError } from '../errors.js';
import { dot } from '../vector.js';
import { statelessWeighting, type Weighting } from '../weighting.js';

export interface InverseFrequencyOptions {
  /** How many labelled examples each task has. */
  readonly counts: readonly number[];
}

/** sum_i w_i L_i with w_i proportional to 1 / counts[i] and mean 1: tasks with few labels count more. */
export function inverseFrequency({ counts }: InverseFrequencyOptions): Weighting {
  if (!counts.every((count) => count > 0 && Number.isFinite(count)))
    throw new InputError('inverseFrequency', 'counts above 0', counts);
  const total = counts.reduce((sum, count) => sum + 1 / count, 0);
  return statelessWeighting(
    'inverseFrequency',
    ({ tasks, losses }, _context, count) => {
      perTask('inverseFrequency', 'counts', counts, count);
      const weights = Float64Array.from(tasks, (task) => count / (counts[task]! * total));
      return { value: dot(weights, losses), weights };
    },
    'tasks',
  );
}
