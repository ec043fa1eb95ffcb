import { adamW, warmupCosine } from '@espalier/trainer';

/** Chosen by `validate.ts` on fields that are neither trained nor tested on. */
export const BATCH_SIZE = 4;
export const EPOCHS = 25;
export const schedule = warmupCosine(4e-3);
export const optimizer = adamW({ weightDecay: 0.01 });
export const averageWeights = 0.99;
