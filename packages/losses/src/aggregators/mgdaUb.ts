import { statelessGramian, type WeightsAggregator } from '../aggregator.js';
import { minNorm } from '../solvers/minNorm.js';

/**
 * MGDA on the upper bound of arXiv 1810.04650: `w = argmin over the simplex of |Z^T w|^2`, where row i of Z is the
 * gradient of loss i with respect to the shared representation, not to the parameters (`at` says so). One backward
 * pass through the trunk is enough, and the weights are then used on the losses. With `direction` the Jacobian is
 * Z itself.
 */
export function mgdaUb(): WeightsAggregator {
  return statelessGramian('mgdaUb', (gramian) => minNorm('mgdaUb', gramian), 'representation');
}
