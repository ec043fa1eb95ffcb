import { adamW } from '@espalier/trainer';

/** What both sets have in common; the rest is with each of them. */
export const EPOCHS = 25;
export const optimizer = adamW({ weightDecay: 0.02 });
