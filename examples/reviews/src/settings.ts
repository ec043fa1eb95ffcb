import { sum } from '@espalier/losses';
import { adamW, byLength, warmupCosine } from '@espalier/trainer';

/** Chosen by `validate.ts` on texts that are neither trained nor tested on. */
export const EPOCHS = 6;
export const recipe = {
  batchSize: 64,
  sampler: byLength,
  schedule: warmupCosine(3e-3),
  optimizer: adamW(),
  averageWeights: 0.99,
  weighting: sum(),
};
