import { dwa } from './dwa.js';
import { dynamicTaskPrioritization } from './dynamicTaskPrioritization.js';
import { famo } from './famo.js';
import { focalStyle } from './focalStyle.js';
import { geometricMean } from './geometricMean.js';
import { gradNorm } from './gradNorm.js';
import { imtlL } from './imtlL.js';
import { initialLoss } from './initialLoss.js';
import { inverseFrequency } from './inverseFrequency.js';
import { logScale } from './logScale.js';
import { mean } from './mean.js';
import { pbi } from './pbi.js';
import { randomLossWeighting } from './randomLossWeighting.js';
import { scheduled } from './scheduled.js';
import { stch } from './stch.js';
import { sum } from './sum.js';
import { tchebycheff } from './tchebycheff.js';
import { uncertainty } from './uncertainty.js';
import { uncertaintyRevised } from './uncertaintyRevised.js';
import { weighted } from './weighted.js';

/** Every weighting by its name; each factory takes that method's options. */
export const weightings = {
  dwa,
  dynamicTaskPrioritization,
  famo,
  focalStyle,
  geometricMean,
  gradNorm,
  imtlL,
  initialLoss,
  inverseFrequency,
  logScale,
  mean,
  pbi,
  randomLossWeighting,
  scheduled,
  stch,
  sum,
  tchebycheff,
  uncertainty,
  uncertaintyRevised,
  weighted,
};
