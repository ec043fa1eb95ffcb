import { cluster } from './cluster.js';
import { dataEfficiency } from './data-efficiency.js';
import type { Figure } from './figure.js';
import { imbalance } from './imbalance.js';
import { lossCombiners } from './loss-combiners.js';
import { regularization } from './regularization.js';
import { relatedness } from './relatedness.js';
import { sharingStrategies } from './sharing-strategies.js';

/** Every figure that is drawn from measurements. */
export const figures = [
  dataEfficiency,
  regularization,
  relatedness,
  imbalance,
  sharingStrategies,
  lossCombiners,
  cluster,
] as readonly Figure[];
