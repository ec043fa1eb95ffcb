import { mean } from './mean.js';
import { sum } from './sum.js';
import { weighted } from './weighted.js';

/** Every weighting by its name; each factory takes that method's options. */
export const weightings = { sum, mean, weighted };
