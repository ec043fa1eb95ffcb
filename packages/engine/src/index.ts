export { EngineError, GradientError } from './errors.js';
export { type LossGradients, lossGradients } from './loss-gradients.js';
export { type PerTaskGradients, perTaskGradients } from './per-task-gradients.js';
export { type EngineName, type EngineReport, engineNames, type PassedOver, use } from './use.js';
export { registerTrainingKernels } from './wasm/register.js';
