import { positive } from '../check.js';
import { statelessWeighting, type Weighting } from '../weighting.js';

/** (prod_i L_i)^(1/T), over positive losses. "MultiNet++", CVPR workshops 2019, arXiv 1904.08492. */
export function geometricMean(): Weighting {
  return statelessWeighting('geometricMean', ({ tasks, losses }) => {
    positive('geometricMean', tasks, losses);
    const value = Math.exp(losses.reduce((total, loss) => total + Math.log(loss), 0) / losses.length);
    return { value, weights: losses.map((loss) => value / (losses.length * loss)) };
  });
}
