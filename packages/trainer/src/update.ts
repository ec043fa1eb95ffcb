import type { Heads, Random, TaskName } from '@espalier/core';
import type { NamedTensors, StateHolder } from '@espalier/engine';
import type * as tf from '@tensorflow/tfjs-core';
import type { Part } from './batch-tensors.js';
import type { CombinationState } from './combination.js';
import type { Gradients } from './optimizers/optimizer.js';

/** One number a task, in the model's order; `undefined` for a task without a label in the batch. */
export type ByTask = readonly (number | undefined)[];

/** What the methods that combine tasks may look at besides losses and gradients. */
export interface UpdateContext {
  /** Counted from 1. */
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
  readonly random: Random;
}

/** The entries of a program, as they are called. */
export interface UpdateEntries {
  /** The losses of a batch, and nothing else. */
  losses(part: Part): NamedTensors;
  /** Before the gradients of the first of several batches. */
  begin(): NamedTensors;
  gradients(part: Part, inputs?: NamedTensors): NamedTensors;
  /** After those of the last of several batches: what JavaScript looks at. */
  compare(): NamedTensors;
}

/** What was decided about one update, before the optimizer has its say. */
export interface Update {
  readonly losses: ByTask;
  /** Of the losses, as the weighting gave them. */
  readonly weights: ByTask;
  /** Inner products of the tasks' gradients with respect to the shared weights, where the methods ask for them. */
  readonly gramian?: readonly (ArrayLike<number> | undefined)[];
  readonly state: CombinationState;
  /** For `gradientsOf`: a weight a task, and what else it needs. */
  readonly inputs: NamedTensors;
}

/**
 * How the gradients of a step come about, in two halves: they are computed and stay where they are, JavaScript looks
 * at T losses or T × T inner products, and then they are combined.
 */
export interface GradientSource {
  readonly state: readonly (tf.Variable | StateHolder)[];
  /** Inside of the program: forgets the gradients of the step before. */
  begin(): void;
  /** Inside: the gradients of a batch; where it has a `part`, they are added to those of the batches before it. */
  gradients(inputs: NamedTensors): NamedTensors;
  /** Inside: of all tasks' gradients, what the methods look at. */
  compare(): NamedTensors;
  /**
   * Outside: runs the entries, and decides.
   *
   * @throws NonFiniteLossError
   */
  decide(
    entries: UpdateEntries,
    parts: readonly Part[],
    state: CombinationState,
    context: UpdateContext,
  ): Update;
  /** Inside of the program: the combined gradients, by the weight's name, of the weights that follow a present task. */
  gradientsOf(inputs: NamedTensors): Gradients;
  dispose(): void;
}

/** The losses of the tasks that had a label in the batch. */
export type StepLosses<H extends Heads> = { readonly [T in TaskName<H>]?: number };
