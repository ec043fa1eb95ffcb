import type { Heads, MultiTaskModel, Sharing } from '@espalier/core';
import { type CompareOptions, trainRun } from '../compare.js';
import { type DataOf, onlyTask } from '../data.js';
import type { MetricValues } from '../delta.js';
import { NonFiniteLossError } from '../errors.js';
import { evaluate } from '../evaluate.js';
import { combinationOf, type GridAxes, type GridJob } from './jobs.js';

/** The budget of every network, and what it learns from and is measured on. */
export interface GridTask<H extends Heads>
  extends GridAxes,
    Pick<
      CompareOptions<H>,
      'train' | 'test' | 'epochs' | 'batchSize' | 'sampler' | 'schedule' | 'optimizer' | 'watch' | 'signal'
    > {
  readonly heads: H;
  /** Composes a network for some of the heads; called for all of them, and for each alone. */
  readonly compose: <Own extends Heads>(
    heads: Own,
    choice: { readonly sharing: Sharing; readonly seed: number },
  ) => MultiTaskModel<Own>;
  /** What methods are chosen by; they are reported on `test`. */
  readonly validation: DataOf<H>;
}

/** What came of one network. */
export interface JobResult {
  readonly job: GridJob;
  readonly parameters: number;
  readonly steps: number;
  readonly seconds: number;
  readonly validation: MetricValues;
  readonly test: MetricValues;
}

/** A network whose training broke off: it is reported, and the grid goes on. */
export interface FailedJob {
  readonly job: GridJob;
  readonly failed: string;
  /** Whether it is trained again when the grid is started again: it was not its losses that ended it. */
  readonly again?: boolean;
}

export async function runJob<H extends Heads>(
  job: GridJob,
  grid: GridTask<H>,
): Promise<JobResult | FailedJob> {
  if (job.task === undefined) return trainJob(job, grid, grid.heads, grid);
  const task = job.task as Extract<keyof H, string>;
  return trainJob(job, grid, { [task]: grid.heads[task] } as Pick<H, typeof task>, {
    train: onlyTask(grid.train, task),
    validation: onlyTask(grid.validation, task),
    test: onlyTask(grid.test, task),
  });
}

async function trainJob<H extends Heads, Own extends Heads>(
  job: GridJob,
  grid: GridTask<H>,
  heads: Own,
  data: Record<'train' | 'validation' | 'test', DataOf<Own>>,
): Promise<JobResult | FailedJob> {
  const model = grid.compose(heads, { sharing: grid.sharings[job.sharing], seed: job.seed });
  try {
    const combination = combinationOf(job, grid, Object.keys(grid.heads));
    const run = await trainRun(job.id, model, data, combination, { ...grid, seed: job.seed });
    return {
      job,
      parameters: run.parameters,
      steps: run.steps.length,
      seconds: run.seconds,
      validation: await evaluate(model, data.validation, grid),
      test: run.evaluation,
    };
  } catch (error) {
    if (error instanceof NonFiniteLossError) return { job, failed: error.message };
    throw error;
  } finally {
    model.dispose();
  }
}
