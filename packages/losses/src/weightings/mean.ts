import { statelessWeighting, type Weighting } from '../weighting.js';

/** The mean of the losses of the tasks in the batch. */
export function mean(): Weighting {
  return statelessWeighting(
    'mean',
    ({ losses }) => ({
      value: losses.reduce((total, loss) => total + loss, 0) / losses.length,
      weights: new Float64Array(losses.length).fill(1 / losses.length),
    }),
    'tasks',
  );
}
