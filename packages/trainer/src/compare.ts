import type { Heads, MultiTaskModel } from '@espalier/core';
import { sum } from '@espalier/losses';
import type { RunStore } from './checkpoints/checkpoint.js';
import type { Combination } from './combination.js';
import { checkHeldOut, type DataOf, onlyTask } from './data.js';
import {
  type Deltas,
  deltas,
  type JudgedTask,
  judgedTasks,
  type MetricValues,
  relativeGain,
} from './delta.js';
import { TrainerError } from './errors.js';
import { type Evaluation, evaluate } from './evaluate.js';
import { fit } from './fit.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { Sampler } from './samplers/sampler.js';
import type { Schedule } from './schedule.js';
import type { StepRecord } from './step-records.js';
import type { Watcher } from './watcher.js';

/** `weighting` and `aggregator` are the multi-task network's; alone, a task has nothing to combine. */
export interface CompareOptions<H extends Heads> extends Combination {
  readonly heads: H;
  /** Composes a network for some of the heads; called for all of them, and for each alone. */
  readonly compose: <Own extends Heads>(heads: Own) => MultiTaskModel<Own>;
  /**
   * Composes the same network with a trunk of so many times the width. Where it is given, each task is learned alone once
   * more, by networks that together have as many weights as the multi-task network: see `matchWidth`.
   */
  readonly composeOfWidth?: <Own extends Heads>(heads: Own, width: number) => MultiTaskModel<Own>;
  readonly train: DataOf<H>;
  /** What the trained networks are measured on; nothing is chosen by it. */
  readonly test: DataOf<H>;
  /** The budget of every network. */
  readonly epochs: number;
  readonly batchSize: number;
  /** Makes the sampler of a network; unless it is given, every epoch sees every example once. */
  readonly sampler?: <Own extends Heads>() => Sampler<Own>;
  readonly schedule: Schedule;
  readonly optimizer: Optimizer;
  /** How much of the mean of a network's weights each step keeps, if they are averaged: see `fit`. */
  readonly averageWeights?: number | undefined;
  readonly seed: number;
  /** Examples that the network is measured on after every epoch, for those who watch. */
  readonly validation?: DataOf<H>;
  /** Called after every epoch of the multi-task network: what it says about some examples, as HTML, for those who watch. */
  readonly examples?: (model: MultiTaskModel<H>) => Promise<string>;
  /** Called before a network is trained; what it returns is told how that goes. */
  readonly watch?: (run: string) => Watcher;
  /** Where each network's checkpoints are kept, and gone on from. */
  readonly keep?: (run: string) => RunStore | undefined;
  /** Stops the training that is under way: see `fit`. */
  readonly signal?: AbortSignal | undefined;
}

/** How one network was trained. */
export interface TrainedRun {
  /** `multi-task`, or the name of the only task. */
  readonly name: string;
  readonly tasks: readonly string[];
  readonly parameters: number;
  /** How long its training took. */
  readonly seconds: number;
  readonly steps: readonly StepRecord[];
  readonly evaluation: MetricValues;
}

/** One task by its first metric, learned alone and together with the others. */
export interface TaskComparison {
  readonly task: string;
  readonly metric: string;
  readonly better: 'higher' | 'lower';
  readonly single: number;
  readonly multi: number;
  /** How much better the multi-task network is, in percent of the single-task one; `undefined` in percent of 0. */
  readonly delta: number | undefined;
}

export interface Comparison<H extends Heads> {
  readonly tasks: readonly TaskComparison[];
  /** Of all tasks, in the published conventions. */
  readonly deltas: Deltas;
  /** The same beside single-task networks that together have as many weights, where `composeOfWidth` is given. */
  readonly ofEqualSize?: {
    /** Of their trunks, beside those of the other single-task networks. */
    readonly width: number;
    /** Of all of them together. */
    readonly parameters: number;
    readonly tasks: readonly TaskComparison[];
    readonly deltas: Deltas;
  };
  /** The multi-task run, then one a task, then those of equal size. */
  readonly runs: readonly TrainedRun[];
  /** The trained multi-task network; the caller disposes of it. */
  readonly model: MultiTaskModel<H>;
}

/**
 * Trains one network for all tasks and one for each, under the same budget of steps, and measures them on the
 * same examples.
 *
 * @throws TrainerError before the first step when a metric has no direction, or examples to test on are among those to
 * train on.
 */
export async function compareWithSingleTasks<H extends Heads>(
  options: CompareOptions<H>,
): Promise<Comparison<H>> {
  const { compose, composeOfWidth, heads, train, validation, test, weighting, aggregator } = options;
  checkHeldOut(train, test, 'test');
  if (validation) checkHeldOut(train, validation, 'validate');
  const model = compose(heads);
  try {
    const judged = judgedTasks(model);
    const multi = await trainRun('multi-task', model, options, { weighting, aggregator }, options);
    const beside = (singles: readonly TrainedRun[]) => {
      const single: MetricValues = Object.assign({}, ...singles.map(({ evaluation }) => evaluation));
      return {
        tasks: judged.map((task) => compareTask(task, single, multi.evaluation)),
        deltas: deltas(judged, multi.evaluation, single),
      };
    };
    const singles = await trainSingles(options, model, compose, (task) => task);
    if (composeOfWidth === undefined) return { ...beside(singles), runs: [multi, ...singles], model };

    const width = matchWidth(heads, composeOfWidth, multi.parameters);
    const equal = await trainSingles(
      options,
      model,
      (own) => composeOfWidth(own, width),
      (task) => `${task}-of-equal-size`,
    );
    const parameters = equal.reduce((sum, run) => sum + run.parameters, 0);
    const ofEqualSize = { width, parameters, ...beside(equal) };
    return { ...beside(singles), ofEqualSize, runs: [multi, ...singles, ...equal], model };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Trains a network for each task alone. */
async function trainSingles<H extends Heads>(
  options: CompareOptions<H>,
  { tasks }: MultiTaskModel<H>,
  compose: CompareOptions<H>['compose'],
  nameOf: (task: string) => string,
): Promise<TrainedRun[]> {
  const { heads, train, validation, test } = options;
  const runs: TrainedRun[] = [];
  for (const { name } of tasks) {
    const own = compose({ [name]: heads[name] } as Pick<H, typeof name>);
    const data = {
      train: onlyTask(train, name),
      test: onlyTask(test, name),
      validation: validation && onlyTask(validation, name),
    };
    try {
      runs.push(await trainRun(nameOf(name), own, data, { weighting: sum() }, options));
    } finally {
      own.dispose();
    }
  }
  return runs;
}

/** Halving the range so often leaves a hundredth of the width. */
const HALVINGS = 9;

/**
 * The largest width, from a sixteenth to sixteen times, at which single-task networks together have no more weights than
 * so many.
 *
 * @throws TrainerError when they have more at the least width.
 */
export function matchWidth<H extends Heads>(
  heads: H,
  compose: NonNullable<CompareOptions<H>['composeOfWidth']>,
  parameters: number,
): number {
  const sizeAt = (width: number) =>
    Object.entries(heads).reduce((total, [name, head]) => {
      const own = compose({ [name]: head }, width);
      const size = own.countParams();
      own.dispose();
      return total + size;
    }, 0);
  let [low, high] = [1 / 16, 16];
  if (sizeAt(low) > parameters) {
    throw new TrainerError(
      `Single-task networks of a sixteenth of the width have ${sizeAt(low)} weights together, and the multi-task network ` +
        `has ${parameters}: they cannot be made equal. Leave composeOfWidth out.`,
    );
  }
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = Math.sqrt(low * high);
    if (sizeAt(middle) <= parameters) low = middle;
    else high = middle;
  }
  return low;
}

/** What one network learns from, is watched on and is measured on: see `CompareOptions`. */
export interface RunData<H extends Heads> {
  readonly train: DataOf<H>;
  readonly validation?: DataOf<H> | undefined;
  readonly examples?: ((model: MultiTaskModel<H>) => Promise<string>) | undefined;
  readonly test: DataOf<H>;
}

/** Trains one network under a budget and measures it. The model stays the caller's. */
export async function trainRun<H extends Heads>(
  name: string,
  model: MultiTaskModel<H>,
  { train, validation, examples, test }: RunData<H>,
  combination: Combination,
  budget: Pick<
    CompareOptions<Heads>,
    | 'epochs'
    | 'batchSize'
    | 'sampler'
    | 'schedule'
    | 'optimizer'
    | 'averageWeights'
    | 'seed'
    | 'watch'
    | 'keep'
    | 'signal'
  >,
): Promise<TrainedRun> {
  const { epochs, batchSize, sampler, schedule, optimizer, averageWeights, seed, signal } = budget;
  const tasks = model.tasks.map((task) => task.name);
  const watcher = budget.watch?.(name);
  watcher?.begin?.(tasks);
  const watchEpoch = async ({ step }: StepRecord<H>) => {
    if (validation && watcher?.metrics) {
      watcher.metrics(step, await evaluate(model, validation, { batchSize }));
    }
    if (examples && watcher?.examples) watcher.examples(await examples(model));
  };
  const started = performance.now();
  try {
    const steps = await fit(model, {
      data: train,
      epochs,
      batchSize,
      ...(sampler !== undefined && { sampler: sampler<H>() }),
      optimizer,
      schedule,
      averageWeights,
      ...combination,
      seed,
      run: budget.keep?.(name),
      signal,
      onStep: (record) => watcher?.step(record),
      ...(watcher && (validation ?? examples) && { onEpoch: watchEpoch }),
    });
    const seconds = (performance.now() - started) / 1000;
    const evaluation: Evaluation<H> = await evaluate(model, test, { batchSize });
    return { name, tasks, parameters: model.countParams(), seconds, steps, evaluation };
  } finally {
    watcher?.end();
  }
}

function compareTask(
  { name: task, metrics: [main] }: JudgedTask,
  singles: MetricValues,
  multis: MetricValues,
): TaskComparison {
  const single = singles[task][main.name];
  const multi = multis[task][main.name];
  const delta = relativeGain(multi, single, main.better);
  return { task, metric: main.name, better: main.better, single, multi, delta };
}
