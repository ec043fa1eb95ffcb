export type { Combination, CombinationState } from './combination.js';
export {
  type CompareOptions,
  type Comparison,
  compareWithSingleTasks,
  type TaskComparison,
  type TrainedRun,
} from './compare.js';
export { type Data, type DataOf, mapData, onlyTask } from './data.js';
export { NonFiniteLossError, TrainerError } from './errors.js';
export { type EvaluateOptions, type Evaluation, evaluate, predict } from './evaluate.js';
export { type FitOptions, fit, type StepRecord } from './fit.js';
export { type AdamWOptions, adamW } from './optimizers/adam-w.js';
export type { Optimizer } from './optimizers/optimizer.js';
export { decodeSafetensors, encodeSafetensors, SafetensorsError } from './safetensors.js';
export { constant, type Schedule, warmupCosine } from './schedule.js';
export { trainStep } from './train-step.js';
export type { StepLosses, TrainStepOptions } from './update.js';
