import { adamW, warmupCosine } from '@espalier/trainer';

/** Chosen by `validate.ts` on photographs that are neither trained nor tested on. */
export const BATCH_SIZE = 32;
export const EPOCHS = 6;
export const schedule = warmupCosine(6e-3);
export const optimizer = adamW({ weightDecay: 0.1 });
