import type { Heads, TaskName } from '@espalier/core';
import type { LabelledData } from '../data.js';
import type { StepLosses } from '../update.js';
import type { LossTrend } from './loss-trend.js';
import type { Draw } from './shuffled-pool.js';

/** Which examples come into which batch. A choice without state: `start` begins with it. */
export interface Sampler<H extends Heads = Heads> {
  readonly name: string;
  /** @throws TrainerError when it names a task that the model lacks, or a task has no example to draw. */
  start(data: LabelledData<H>, options: SamplingOptions<H>): Sampling<H>;
}

export interface SamplingOptions<H extends Heads> {
  readonly tasks: readonly TaskName<H>[];
  readonly batchSize: number;
  /** How many batches an epoch has, and how many epochs there are: for samplers that change while they go. */
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  readonly seed: number;
}

/** A way through the examples: endless batches, and the place in them. */
export interface Sampling<H extends Heads = Heads> {
  /** Whether what `observe` is told has a say in the batches after it. */
  readonly followsLosses: boolean;
  /** The examples of the next batch. */
  next(): readonly Draw[];
  /** Tells it the losses of a step, before the next batch is asked for. */
  observe(losses: StepLosses<H>): void;
  /** Where it is: plain data that survives JSON. */
  state(): SamplingState;
  /**
   * Goes on from a state as if nothing had happened in between.
   *
   * @throws TrainerError when the state belongs to another sampler, seed, batch size, or other examples.
   */
  load(state: SamplingState): void;
}

export interface SamplingState {
  /** What the state belongs to; a state of anything else is refused. */
  readonly sampler: string;
  readonly seed: number;
  readonly batchSize: number;
  /** How many examples each pool has. */
  readonly sizes: readonly number[];
  /** How many batches were drawn. */
  readonly batches: number;
  /** How many examples were drawn from each pool. */
  readonly drawn: readonly number[];
  /** Where the tasks' losses stand, for samplers that follow them; `null` before a task's first. */
  readonly trends: readonly (LossTrend | null)[];
  /** Of a curriculum: where each phase is. */
  readonly phases?: readonly SamplingState[];
}
