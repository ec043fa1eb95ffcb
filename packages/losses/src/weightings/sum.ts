import { statelessWeighting, type Weighting } from '../weighting.js';

/** The joint loss: sum_i L_i. */
export function sum(): Weighting {
  return statelessWeighting(
    'sum',
    ({ losses }) => ({
      value: losses.reduce((total, loss) => total + loss, 0),
      weights: new Float64Array(losses.length).fill(1),
    }),
    'tasks',
  );
}
