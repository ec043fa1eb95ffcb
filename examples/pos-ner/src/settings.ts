import { sum } from '@espalier/losses';
import { adamW, byLength, warmupCosine } from '@espalier/trainer';

/** Chosen by `validate.ts` on sentences that are neither trained nor tested on. */
export const EPOCHS = 50;
export const recipe = {
  batchSize: 32,
  sampler: byLength,
  schedule: warmupCosine(4e-3),
  optimizer: adamW(),
  averageWeights: 0.99,
  weighting: sum(),
};
