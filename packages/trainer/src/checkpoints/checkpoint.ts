import type { Architecture, ModelWeights } from '@espalier/core';
import type { CombinationState } from '../combination.js';
import type { PlateauState } from '../plateau.js';
import type { SamplingState } from '../samplers/sampler.js';

export interface SavedTensor {
  readonly shape: readonly number[];
  /** In row-major order; not to be written in. */
  readonly values: Float32Array;
}

/** What a training is made of between two steps, besides the place in the data. */
export interface TrainingSnapshot {
  readonly architecture: Architecture;
  /** Weights, what the optimizer remembers of them, and averages: `weights/…`, `optimizer/…`, `average/…`. */
  readonly tensors: ReadonlyMap<string, SavedTensor>;
  /** The names of the weighting and the aggregator, and what they remember. */
  readonly weighting: string;
  readonly aggregator: string;
  readonly combination: CombinationState;
}

/** All that a training goes on from. What is drawn at random follows from the seed and the step. */
export interface Checkpoint extends TrainingSnapshot {
  /** Steps done. */
  readonly step: number;
  readonly seed: number;
  readonly sampling: SamplingState;
  /** Whether validation or `onEpoch` said that it is enough. */
  readonly stopped: boolean;
  /** What validation remembers; plain data. */
  readonly judge?: unknown;
  /** What a schedule that follows the training remembers. */
  readonly schedule?: PlateauState | undefined;
}

/** The losses of a step, by task. */
export interface LossLine {
  readonly step: number;
  readonly losses: Readonly<Record<string, number>>;
}

/** Where a training keeps what it needs to go on: see `runFolder` of `@espalier/trainer/node`. */
export interface RunStore {
  /** After how many steps to save; at the end of every epoch where it is undefined. */
  readonly everySteps?: number | undefined;
  /**
   * Called before the first step.
   *
   * @returns the last whole checkpoint, and the losses of all steps up to it; `undefined` to begin at the beginning.
   */
  open(): Promise<{ readonly checkpoint: Checkpoint; readonly lines: readonly LossLine[] } | undefined>;
  /** Keeps the losses of a step. */
  record(line: LossLine): void;
  /**
   * Keeps a checkpoint. Training goes on meanwhile; there is one call at a time.
   */
  save(checkpoint: Checkpoint): Promise<void>;
  /** Keeps the weights of the best model so far, by validation. */
  saveBest(weights: ModelWeights): Promise<void>;
  /** Called after the last call of the others, in errors too. */
  close(): void;
}
