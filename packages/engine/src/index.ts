export { EngineError } from './errors.js';
export { type EngineName, type EngineReport, engineNames, type PassedOver, use } from './use.js';
export { registerTrainingKernels } from './wasm/register.js';
