import { positive } from '../check.js';
import { statelessWeighting, type Weighting } from '../weighting.js';

/**
 * sum_i ln L_i, over positive losses (no 1/T): the scale-invariant baseline of Nash-MTL, arXiv 2202.01017, and the
 * loss side of DB-MTL, arXiv 2308.12029.
 */
export function logScale(): Weighting {
  return statelessWeighting('logScale', ({ tasks, losses }) => {
    positive('logScale', tasks, losses);
    return {
      value: losses.reduce((total, loss) => total + Math.log(loss), 0),
      weights: losses.map((loss) => 1 / loss),
    };
  });
}
