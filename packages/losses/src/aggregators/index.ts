import { mean } from './mean.js';
import { sum } from './sum.js';

/** Every aggregator by its name; each factory takes that method's options. */
export const aggregators = { mean, sum };
