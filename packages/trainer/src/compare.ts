import type { Heads, Metric, MultiTaskModel } from '@espalier/core';
import { sum } from '@espalier/losses';
import type { Combination } from './combination.js';
import { type DataOf, onlyTask } from './data.js';
import { type Evaluation, evaluate } from './evaluate.js';
import { fit, type StepRecord } from './fit.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { Schedule } from './schedule.js';

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
  readonly schedule: Schedule;
  readonly optimizer: Optimizer;
  readonly seed: number;
  /** Called before a network is trained; what it returns is told of every step, and of the end. */
  readonly watch?: (run: string) => { step(record: StepRecord): void; end(): void };
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
  readonly evaluation: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** One task by its first metric, learned alone and together with the others. */
export interface TaskComparison {
  readonly task: string;
  readonly metric: string;
  readonly better: 'higher' | 'lower';
  readonly single: number;
  readonly multi: number;
  /** How much better the multi-task network is, in percent of the single-task one. */
  readonly delta: number;
}

export interface Comparison<H extends Heads> {
  readonly tasks: readonly TaskComparison[];
  /** The mean of the tasks' deltas: Δ of Maninis et al., in percent. */
  readonly deltaM: number;
  /** The multi-task run, then one a task. */
  readonly runs: readonly TrainedRun[];
  /** The trained multi-task network; the caller disposes of it. */
  readonly model: MultiTaskModel<H>;
}

/**
 * Trains one network for all tasks and one for each, under the same budget of steps, and measures them on the
 * same examples.
 *
 * K.-K. Maninis, I. Radosavovic, I. Kokkinos, "Attentive Single-Tasking of Multiple Tasks", CVPR 2019, equation 3.
 */
export async function compareWithSingleTasks<H extends Heads>(
  options: CompareOptions<H>,
): Promise<Comparison<H>> {
  const { heads, compose, train, test, weighting, aggregator } = options;
  const model = compose(heads);
  try {
    const multi = await trainRun('multi-task', model, train, test, { weighting, aggregator }, options);
    const singles: TrainedRun[] = [];
    for (const { name } of model.tasks) {
      const own = compose({ [name]: heads[name] } as Pick<H, typeof name>);
      try {
        singles.push(
          await trainRun(
            name,
            own,
            onlyTask(train, name),
            onlyTask(test, name),
            { weighting: sum() },
            options,
          ),
        );
      } finally {
        own.dispose();
      }
    }
    const tasks = model.tasks.map(({ name, head }, index) =>
      compareTask(name, head.metrics[0], singles[index].evaluation, multi.evaluation),
    );
    const deltaM = tasks.reduce((total, { delta }) => total + delta, 0) / tasks.length;
    return { tasks, deltaM, runs: [multi, ...singles], model };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

async function trainRun<H extends Heads>(
  name: string,
  model: MultiTaskModel<H>,
  train: DataOf<H>,
  test: DataOf<H>,
  combination: Combination,
  budget: Pick<CompareOptions<Heads>, 'epochs' | 'batchSize' | 'schedule' | 'optimizer' | 'seed' | 'watch'>,
): Promise<TrainedRun> {
  const { epochs, batchSize, schedule, optimizer, seed } = budget;
  const watcher = budget.watch?.(name);
  const started = performance.now();
  try {
    const steps = await fit(model, {
      data: train,
      epochs,
      batchSize,
      optimizer,
      schedule,
      ...combination,
      seed,
      onStep: (record) => watcher?.step(record),
    });
    const seconds = (performance.now() - started) / 1000;
    const evaluation: Evaluation<H> = await evaluate(model, test, { batchSize });
    const tasks = model.tasks.map((task) => task.name);
    return { name, tasks, parameters: model.countParams(), seconds, steps, evaluation };
  } finally {
    watcher?.end();
  }
}

function compareTask<Label, Prediction>(
  task: string,
  metric: Metric<Label, Prediction>,
  singles: TrainedRun['evaluation'],
  multis: TrainedRun['evaluation'],
): TaskComparison {
  const single = singles[task][metric.name];
  const multi = multis[task][metric.name];
  const gain = metric.better === 'higher' ? multi - single : single - multi;
  return {
    task,
    metric: metric.name,
    better: metric.better,
    single,
    multi,
    delta: (100 * gain) / Math.abs(single),
  };
}
