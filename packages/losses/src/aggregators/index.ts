import { alignedMtl } from './alignedMtl.js';
import { caGrad } from './caGrad.js';
import { conFig } from './conFig.js';
import { constant } from './constant.js';
import { dbMtl } from './dbMtl.js';
import { dualProj } from './dualProj.js';
import { excessMtl } from './excessMtl.js';
import { fairGrad } from './fairGrad.js';
import { gradDrop } from './gradDrop.js';
import { gradVac } from './gradVac.js';
import { imtlG } from './imtlG.js';
import { krum } from './krum.js';
import { mean } from './mean.js';
import { mgda } from './mgda.js';
import { mgdaUb } from './mgdaUb.js';
import { moCo } from './moCo.js';
import { nashMtl } from './nashMtl.js';
import { pcGrad } from './pcGrad.js';
import { random } from './random.js';
import { sdmGrad } from './sdmGrad.js';
import { sum } from './sum.js';
import { trimmedMean } from './trimmedMean.js';
import { upGrad } from './upGrad.js';

/** Every aggregator by its name; each factory takes that method's options. */
export const aggregators = {
  alignedMtl,
  caGrad,
  conFig,
  constant,
  dbMtl,
  dualProj,
  excessMtl,
  fairGrad,
  gradDrop,
  gradVac,
  imtlG,
  krum,
  mean,
  mgda,
  mgdaUb,
  moCo,
  nashMtl,
  pcGrad,
  random,
  sdmGrad,
  sum,
  trimmedMean,
  upGrad,
};
