import { adamW, warmupCosine } from '@espalier/trainer';

/** What `validate.ts` measures, on pictures that are neither trained nor tested on. */
export const BATCH_SIZE = 8;
export const EPOCHS = 25;
export const schedule = warmupCosine(1e-3);
export const optimizer = adamW({ weightDecay: 0.02 });
