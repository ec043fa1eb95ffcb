import { adamW, chain, clipByGlobalNorm } from '@espalier/trainer';

/** What both sets have in common; the rest is with each of them. */
export const EPOCHS = 25;
/** Without clipping, one network in three went to losses of thousands within five epochs. */
export const optimizer = chain(clipByGlobalNorm(5), adamW({ weightDecay: 0.02 }));
