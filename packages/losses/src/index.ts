export type {
  Aggregator,
  AggregatorContext,
  CallContext,
  DirectionStep,
  JacobianAggregator,
  Rows,
  WeightsAggregator,
  WeightsStep,
} from './aggregator.js';
export { aggregate } from './aggregator.js';
export { type AlignedMtlOptions, alignedMtl } from './aggregators/alignedMtl.js';
export { type CaGradOptions, caGrad } from './aggregators/caGrad.js';
export { conFig } from './aggregators/conFig.js';
export { type ConstantOptions, constant } from './aggregators/constant.js';
export { type DbMtlOptions, type DbMtlState, dbMtl } from './aggregators/dbMtl.js';
export { dualProj } from './aggregators/dualProj.js';
export { type ExcessMtlOptions, type ExcessMtlState, excessMtl } from './aggregators/excessMtl.js';
export { type FairGradOptions, fairGrad } from './aggregators/fairGrad.js';
export { type GradDropOptions, gradDrop } from './aggregators/gradDrop.js';
export { type GradVacOptions, type GradVacState, gradVac } from './aggregators/gradVac.js';
export { type ImtlGOptions, imtlG } from './aggregators/imtlG.js';
// The aggregators `mean` and `sum` are `aggregators.mean` and `aggregators.sum`: here these are the weightings.
export { aggregators } from './aggregators/index.js';
export { type KrumOptions, krum } from './aggregators/krum.js';
export { mgda } from './aggregators/mgda.js';
export { mgdaUb } from './aggregators/mgdaUb.js';
export { type MoCoOptions, type MoCoState, moCo } from './aggregators/moCo.js';
export { type NashMtlOptions, nashMtl } from './aggregators/nashMtl.js';
export { type PcGradOptions, pcGrad } from './aggregators/pcGrad.js';
export { random } from './aggregators/random.js';
export { type SdmGradOptions, type SdmGradState, sdmGrad } from './aggregators/sdmGrad.js';
export { type TrimmedMeanOptions, trimmedMean } from './aggregators/trimmedMean.js';
export { upGrad } from './aggregators/upGrad.js';
export * from './errors.js';
export type { LearnedState } from './learned.js';
export type { ConeOptions } from './solvers/cone.js';
export type { TaskState, Weighting, WeightingContext, WeightingStep } from './weighting.js';
export { type DwaOptions, type DwaState, dwa } from './weightings/dwa.js';
export {
  type DynamicTaskPrioritizationOptions,
  type DynamicTaskPrioritizationState,
  dynamicTaskPrioritization,
} from './weightings/dynamicTaskPrioritization.js';
export { type FamoOptions, type FamoState, famo } from './weightings/famo.js';
export { type FocalStyleOptions, focalStyle } from './weightings/focalStyle.js';
export { geometricMean } from './weightings/geometricMean.js';
export { type GradNormOptions, type GradNormState, gradNorm } from './weightings/gradNorm.js';
export { type ImtlLOptions, imtlL } from './weightings/imtlL.js';
export { weightings } from './weightings/index.js';
export { type InitialLossOptions, type InitialLossState, initialLoss } from './weightings/initialLoss.js';
export { type InverseFrequencyOptions, inverseFrequency } from './weightings/inverseFrequency.js';
export { logScale } from './weightings/logScale.js';
export { mean } from './weightings/mean.js';
export { type PbiOptions, pbi } from './weightings/pbi.js';
export { randomLossWeighting } from './weightings/randomLossWeighting.js';
export { type ScheduledOptions, scheduled } from './weightings/scheduled.js';
export { type StchOptions, stch } from './weightings/stch.js';
export { sum } from './weightings/sum.js';
export { type TchebycheffOptions, tchebycheff } from './weightings/tchebycheff.js';
export { type UncertaintyOptions, uncertainty } from './weightings/uncertainty.js';
export { type UncertaintyRevisedOptions, uncertaintyRevised } from './weightings/uncertaintyRevised.js';
export { type WeightedOptions, weighted } from './weightings/weighted.js';
export { type ByGroupOptions, type ByGroupState, byGroup } from './wrappers/byGroup.js';
export { type CrMogmOptions, type CrMogmState, crMogm } from './wrappers/crMogm.js';
export { type EveryKOptions, type EveryKState, everyK } from './wrappers/everyK.js';
export { nonZero } from './wrappers/nonZero.js';
export { normalized } from './wrappers/normalized.js';
export { type PreferredOptions, preferred } from './wrappers/preferred.js';
