import type { Heads, Random, TaskName } from '@espalier/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { Combination, CombinationState } from './combination.js';
import type { Optimizer } from './optimizers/optimizer.js';

/** The losses of the tasks that had a label in the batch. */
export type StepLosses<H extends Heads> = { readonly [T in TaskName<H>]?: number };

export interface TrainStepOptions extends Combination {
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly state: CombinationState;
  /** Where layers such as dropout draw from, and methods that draw. */
  readonly random: Random;
  /** Counted from 1. */
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
}

/** The update of one batch, before the optimizer has its say. */
export interface Update {
  /** One a task, in the model's order; `undefined` for a task without a label in the batch. */
  readonly losses: readonly (number | undefined)[];
  /** By variable; those that no loss of this batch reaches have none. */
  readonly gradients: ReadonlyMap<tf.Variable, tf.Tensor>;
  readonly state: CombinationState;
}
