import { weighted } from '@espalier/losses';
import { adamW, byLength, warmupCosine } from '@espalier/trainer';

/** Chosen by `validate.ts` on texts that are neither trained nor tested on. */
export const EPOCHS = 5;
export const recipe = {
  batchSize: 64,
  sampler: byLength,
  schedule: warmupCosine(2e-3),
  optimizer: adamW(),
  // Of translation and answers: sentences are easily translated here.
  weighting: weighted({ weights: [0.3, 1] }),
};
