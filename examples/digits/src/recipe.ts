import { sum } from '@espalier/losses';
import { adamW, warmupCosine } from '@espalier/trainer';

/** How the networks learn. */
export const recipe = {
  batchSize: 16,
  schedule: warmupCosine(1.2e-2),
  optimizer: adamW({ beta1: 0.8, beta2: 0.99, weightDecay: 0.05 }),
  weighting: sum(),
};
