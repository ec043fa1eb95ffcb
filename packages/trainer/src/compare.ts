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
import { type Evaluation, evaluate } from './evaluate.js';
import { fit, type StepRecord } from './fit.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { Sampler } from './samplers/sampler.js';
import type { Schedule } from './schedule.js';
import type { Watcher } from './watcher.js';

/** `weighting` and `aggregator` are the multi-task network's; alone, a task has nothing to combine. */
export interface CompareOptions<H extends Heads> extends Combination {
  readonly heads: H;
  /** Composes a network for some of the heads; called for all of them, and for each alone. */
  readonly compose: <Own extends Heads>(heads: Own) => MultiTaskModel<Own>;
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
  /** The multi-task run, then one a task. */
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
  const { heads, compose, train, validation, test, weighting, aggregator } = options;
  checkHeldOut(train, test, 'test');
  if (validation) checkHeldOut(train, validation, 'validate');
  const model = compose(heads);
  try {
    const judged = judgedTasks(model);
    const multi = await trainRun('multi-task', model, options, { weighting, aggregator }, options);
    const singles: TrainedRun[] = [];
    for (const { name } of model.tasks) {
      const own = compose({ [name]: heads[name] } as Pick<H, typeof name>);
      const data = {
        train: onlyTask(train, name),
        test: onlyTask(test, name),
        validation: validation && onlyTask(validation, name),
      };
      try {
        singles.push(await trainRun(name, own, data, { weighting: sum() }, options));
      } finally {
        own.dispose();
      }
    }
    const single: MetricValues = Object.assign({}, ...singles.map(({ evaluation }) => evaluation));
    return {
      tasks: judged.map((task) => compareTask(task, single, multi.evaluation)),
      deltas: deltas(judged, multi.evaluation, single),
      runs: [multi, ...singles],
      model,
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
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
    'epochs' | 'batchSize' | 'sampler' | 'schedule' | 'optimizer' | 'seed' | 'watch' | 'keep' | 'signal'
  >,
): Promise<TrainedRun> {
  const { epochs, batchSize, sampler, schedule, optimizer, seed, signal } = budget;
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
