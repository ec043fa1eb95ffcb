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
export { aggregators } from './aggregators/index.js';
export * from './errors.js';
export type { TaskState, Weighting, WeightingContext, WeightingStep } from './weighting.js';
export { weightings } from './weightings/index.js';
export { mean } from './weightings/mean.js';
export { sum } from './weightings/sum.js';
export { type WeightedOptions, weighted } from './weightings/weighted.js';
