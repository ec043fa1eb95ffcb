import { normal } from '../random.js';
import { dot, softmax } from '../vector.js';
import { statelessWeighting, type Weighting } from '../weighting.js';

/**
 * Random loss weighting: weights = softmax of T independent standard normals, drawn anew each step from
 * `context.random`.
 *
 * "Reasonable Effectiveness of Random Weighting", arXiv 2111.10603.
 */
export function randomLossWeighting(): Weighting {
  return statelessWeighting(
    'randomLossWeighting',
    ({ losses }, { random = Math.random }) => {
      const weights = softmax(losses.map(() => normal(random)));
      return { value: dot(weights, losses), weights };
    },
    'tasks',
  );
}
