export type {
  Checkpoint,
  LossLine,
  RunStore,
  SavedTensor,
  TrainingSnapshot,
} from './checkpoints/checkpoint.js';
export type { ClusterOptions } from './cluster-options.js';
export type { Combination, CombinationState } from './combination.js';
export {
  type CompareOptions,
  type Comparison,
  compareWithSingleTasks,
  matchWidth,
  type RunData,
  type TaskComparison,
  type TrainedRun,
  trainRun,
} from './compare.js';
export { type Cosines, gradientCosines } from './conflicts.js';
export {
  checkHeldOut,
  type Data,
  type DataByTask,
  type DataOf,
  joinData,
  mapData,
  onlyTask,
} from './data.js';
export {
  type Deltas,
  deltas,
  type JudgedTask,
  judgedTasks,
  type MetricValues,
  relativeGain,
} from './delta.js';
export {
  type EarlyStopping,
  type EarlyStoppingOptions,
  type EarlyStoppingState,
  earlyStopping,
} from './early-stopping.js';
export {
  GridInterruptedError,
  InterruptedError,
  NonFiniteLossError,
  TrainerError,
} from './errors.js';
export { type EvaluateOptions, type Evaluation, evaluate, predict } from './evaluate.js';
export {
  type EpochRecord,
  type FitOptions,
  fit,
  type Judge,
  type Validation,
} from './fit.js';
export { type AdamOptions, type AdamWOptions, adam, adamW } from './optimizers/adam-w.js';
export { averageWeights } from './optimizers/average-weights.js';
export { chain } from './optimizers/chain.js';
export { clipByGlobalNorm } from './optimizers/clip-by-global-norm.js';
export { type LionOptions, lion } from './optimizers/lion.js';
export type {
  Gradients,
  NamedWeights,
  Optimizer,
  OptimizerContext,
  OptimizerState,
} from './optimizers/optimizer.js';
export { rateByGroup } from './optimizers/rate-by-group.js';
export { type SgdOptions, sgd } from './optimizers/sgd.js';
export type { WeightDecayOptions } from './optimizers/weight-decay.js';
export { type PairedTest, pairedTest, type Spread, spreadOf } from './paired-test.js';
export {
  type PlateauOptions,
  type PlateauSchedule,
  type PlateauState,
  type RunningSchedule,
  reduceOnPlateau,
} from './plateau.js';
export { decodeSafetensors, encodeSafetensors } from './safetensors.js';
export { annealed } from './samplers/annealed.js';
export { byLength } from './samplers/by-length.js';
export { byLoss } from './samplers/by-loss.js';
export { byProgress } from './samplers/by-progress.js';
export { curriculum, type Phase } from './samplers/curriculum.js';
export { samplers } from './samplers/index.js';
export type { LossTrend } from './samplers/loss-trend.js';
export { proportional } from './samplers/proportional.js';
export { roundRobin } from './samplers/round-robin.js';
export type { Sampler, Sampling, SamplingOptions, SamplingState } from './samplers/sampler.js';
export { shuffled } from './samplers/shuffled.js';
export type { Draw } from './samplers/shuffled-pool.js';
export type { TaskSamplerOptions } from './samplers/task-sampler.js';
export { type TemperatureOptions, temperature } from './samplers/temperature.js';
export { uniform } from './samplers/uniform.js';
export {
  byEpoch,
  constant,
  cosine,
  type OneCycleOptions,
  oneCycle,
  type Schedule,
  warmup,
  warmupCosine,
} from './schedule.js';
export type { StepRecord } from './step-records.js';
export { type StepOptions, type StepResult, Training, type TrainingOptions } from './training.js';
export type { StepLosses, Update } from './update.js';
export { type Watcher, watchAll } from './watcher.js';
export { workerExamples } from './worker-examples.js';
