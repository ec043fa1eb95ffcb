import { sum } from '@espalier/losses';
import { adamW, warmupCosine } from '@espalier/trainer';

/** Chosen by `validate.ts` on fields that are neither trained nor tested on. */
export const EPOCHS = 25;
export const recipe = {
  batchSize: 4,
  schedule: warmupCosine(4e-3),
  optimizer: adamW({ weightDecay: 0.01 }),
  averageWeights: 0.99,
  weighting: sum(),
};
