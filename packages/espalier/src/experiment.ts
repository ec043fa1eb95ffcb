import type { Heads, Sharing } from '@espalier/core';
import type {
  Combination,
  DataOf,
  EarlyStoppingOptions,
  Optimizer,
  Sampler,
  Schedule,
} from '@espalier/trainer';
import type { GridAxes, GridTask } from '@espalier/trainer/node';

/** What an experiment learns from and is measured on. */
export interface ExperimentData<H extends Heads> {
  readonly train: DataOf<H>;
  /** What training is watched on, and networks are chosen by. */
  readonly validation: DataOf<H>;
  /** What the result is measured on; nothing is chosen by it. */
  readonly test: DataOf<H>;
}

/**
 * A network, what it learns from, and how: what every command of `espalier` works on. One file serves them all, on one
 * machine or on many.
 */
export interface Experiment<H extends Heads> extends Combination {
  /** Names the experiment to people and in queues; letters, digits and single . _ - */
  readonly name: string;
  /** A head a task, by task name. */
  readonly heads: H;
  /** Composes a network for some of the heads: for all of them, and for comparisons for each alone. */
  readonly compose: GridTask<H>['compose'];
  /** The sharing strategy of `train`, and of the networks that are made to predict. */
  readonly sharing: Sharing;
  /** Called once a command, for the commands that train or measure. */
  readonly data: (choice: {
    readonly epochs: number;
    readonly seed: number;
  }) => ExperimentData<H> | Promise<ExperimentData<H>>;
  /** How often every example is seen, unless `--epochs` says otherwise. */
  readonly epochs: number;
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  /** Makes the sampler of a network; unless it is given, every epoch sees every example once. */
  readonly sampler?: <Own extends Heads>() => Sampler<Own>;
  /** Ends `train` when the validation data say so; the weights that were best on them are the result. */
  readonly earlyStopping?: EarlyStoppingOptions<H>;
  /**
   * What the bytes of a file are to the network, for `predict` and `serve`. Unless it is given, files are pictures, where
   * the network takes any, with values from 0 to 1. What it throws is said behind the file's name.
   */
  readonly read?: (bytes: Uint8Array) => Float32Array | Promise<Float32Array>;
  /** What `compare` crosses; where an axis is missing, it has what `train` uses. */
  readonly grid?: Partial<GridAxes>;
}

/** Gives an experiment its type; an experiment's file has what this returns as its default export. */
export function defineExperiment<H extends Heads>(experiment: Experiment<H>): Experiment<H> {
  return experiment;
}
