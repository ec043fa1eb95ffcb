export {
  type Batch,
  disposeBatch,
  type Example,
  type ExampleOf,
  keepBatch,
  type Target,
  target,
} from './batch.js';
export { BatchMemory } from './batch-memory.js';
export { EspalierError, InputError, messageOf, StageError, TaskError, WeightsError } from './errors.js';
export type {
  ByTask,
  Features,
  Head,
  HeadContext,
  Heads,
  LabelOf,
  Labels,
  Pass,
  PredictionOf,
  Predictions,
  Task,
  TaskName,
} from './head.js';
export type { InputKind, InputOf, InputShape, PerInput } from './inputs.js';
export { joinHeads } from './join-heads.js';
export { Block, block } from './layers/block.js';
export { configOf, type LayerConfig, layerFromConfig } from './layers/layer-from-config.js';
export { paddingMask } from './layers/padding-mask.js';
export { TransformerPart } from './layers/transformer-part.js';
export type { Metric } from './metric.js';
export {
  MultiTaskModel,
  type MultiTaskModelOptions,
  multiTaskModel,
  type Outputs,
  type TaskLosses,
} from './multi-task-model.js';
export { type Random, seededRandom, withRandom } from './random.js';
export { readSafetensors, type Safetensors, SafetensorsError } from './safetensors.js';
export type { Sharing } from './sharing.js';
export { decodeStoredValues, type StoredType, storedBytes } from './stored-values.js';
export {
  type Attended,
  attend,
  dropped,
  gelu,
  layerNorm,
  mergeHeads,
  project,
  splitHeads,
} from './transformer.js';
export { applyShared, applyStage, describeShape, type Stage, type Trunk } from './trunk.js';
export { unstackTokens } from './unstack-tokens.js';
export type { Architecture, ModelWeights, Weight } from './weights.js';
