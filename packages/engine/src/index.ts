export { type AdamUpdate, applyAdam } from './apply-adam.js';
export { applyMomentum, type MomentumUpdate } from './apply-momentum.js';
export { ClusterError, ClusterFault, EngineError, GradientError, ProgramError } from './errors.js';
export { type LossGradients, lossGradients } from './loss-gradients.js';
export { type PerTaskGradients, perTaskGradients } from './per-task-gradients.js';
export { type Carry, carry } from './program/carry.js';
export type { Entries, Entry, NamedTensors } from './program/entry.js';
export { exportProgram as export } from './program/export.js';
export {
  type GradientEntries,
  type GradientEntriesOptions,
  gradientEntries,
} from './program/gradient-entries.js';
export { overWorkers } from './program/over-workers.js';
export {
  type Program,
  type ProgramHost,
  type ProgramOptions,
  program,
  type StateHolder,
} from './program/program.js';
export { type EngineName, type EngineReport, engineNames, type PassedOver, use } from './use.js';
export { registerTrainingKernels } from './wasm/register.js';
