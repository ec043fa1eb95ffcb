import { alignedMtl } from './alignedMtl.js';
import { caGrad } from './caGrad.js';
import { conFig } from './conFig.js';
import { constant } from './constant.js';
import { dualProj } from './dualProj.js';
import { fairGrad } from './fairGrad.js';
import { gradDrop } from './gradDrop.js';
import { gradVac } from './gradVac.js';
import { imtlG } from './imtlG.js';
import { krum } from './krum.js';
import { mean } from './mean.js';
import { mgda } from './mgda.js';
import { mgdaUb } from './mgdaUb.js';
import { nashMtl } from './nashMtl.js';
import { pcGrad } from './pcGrad.js';
import { random } from './random.js';
import { sum } from './sum.js';
import { trimmedMean } from './trimmedMean.js';
import { upGrad } from './upGrad.js';

/** Every aggregator by its name; each factory takes that method's options. */
export const aggregators = {
  alignedMtl,
  caGrad,
  conFig,
  constant,
  dualProj,
  fairGrad,
  gradDrop,
  gradVac,
  imtlG,
  krum,
  mean,
  mgda,
  mgdaUb,
  nashMtl,
  pcGrad,
  random,
  sum,
  trimmedMean,
  upGrad,
};
