import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Heads, messageOf } from '@espalier/core';
import writeFileAtomic from 'write-file-atomic';
import { checkHeldOut, checkNotEmpty } from '../data.js';
import type { JudgedTask } from '../delta.js';
import { FileError, GridInterruptedError, InterruptedError, TrainerError } from '../errors.js';
import { describeGrid, gridTasks } from './describe-grid.js';
import { type GridExecutor, inThisProcess } from './executor.js';
import { type GridJob, gridJobs } from './jobs.js';
import { paretoPicture } from './pareto-picture.js';
import type { FailedJob, GridTask, JobResult } from './run-job.js';
import { type GridSummary, summarize } from './summary.js';
import { tableOf } from './table.js';

export interface GridOptions<H extends Heads> extends GridTask<H> {
  /**
   * Where results are kept: `grid.json` (what the grid is), `runs/` (a file a network), and in the end `table.md`,
   * `summary.json` and `pareto.svg`. With results of the same grid in it, only what is missing is trained.
   */
  readonly folder: string;
  /** Who trains the networks; this process, one after another, unless it is given. */
  readonly executor?: GridExecutor | undefined;
  /** Called when it is known what came of a network, now or in an earlier start. */
  readonly onJob?: (done: {
    readonly job: GridJob;
    /** How many are known, of how many. */
    readonly number: number;
    readonly of: number;
    readonly new: boolean;
    /** Why its training broke off, if it did. */
    readonly failed?: string | undefined;
  }) => void;
}

/**
 * Compares sharing strategies × weightings × aggregators over seeds: single-task networks, fixed weights and methods
 * under one budget. Methods are ordered by the examples to validate on and reported on those to test on.
 *
 * @throws TrainerError before the first step when options contradict each other, held-out examples are among those to
 * train on, a metric has no direction, or the folder holds another grid.
 * @throws GridInterruptedError when the signal says so; what was done is kept.
 */
export async function compareGrid<H extends Heads>(options: GridOptions<H>): Promise<GridSummary> {
  const tasks = checkGrid(options);
  const jobs = gridJobs(
    options,
    tasks.map(({ name }) => name),
  );
  await beginFolder(options);

  const fileOf = (job: GridJob) => join(options.folder, 'runs', `${job.id}.json`);
  const outcomes = new Map<string, JobResult | FailedJob>();
  const note = (outcome: JobResult | FailedJob, isNew: boolean) => {
    outcomes.set(outcome.job.id, outcome);
    options.onJob?.({
      job: outcome.job,
      number: outcomes.size,
      of: jobs.length,
      new: isNew,
      ...('failed' in outcome && { failed: outcome.failed }),
    });
  };
  for (const job of jobs) {
    const earlier = await readJson<JobResult | FailedJob>(fileOf(job));
    if (earlier !== undefined) note(earlier, false);
  }
  const missing = jobs.filter(({ id }) => !outcomes.has(id));
  try {
    const { executor = inThisProcess } = options;
    const failed = await executor.run(missing, options, async (outcome) => {
      await writeText(fileOf(outcome.job), json(outcome));
      note(outcome, true);
    });
    for (const outcome of failed) note(outcome, true);
  } catch (error) {
    if (error instanceof InterruptedError) throw new GridInterruptedError(outcomes.size, jobs.length);
    throw error;
  }

  const summary = summarize(
    tasks,
    jobs.map(({ id }) => outcomes.get(id)!),
  );
  await writeText(join(options.folder, 'summary.json'), json(summary));
  await writeText(join(options.folder, 'table.md'), tableOf(summary));
  if (tasks.length > 1) await writeText(join(options.folder, 'pareto.svg'), paretoPicture(summary));
  return summary;
}

function checkGrid<H extends Heads>(grid: GridTask<H>): readonly JudgedTask[] {
  checkNotEmpty(grid.validation, 'validate on');
  checkNotEmpty(grid.test, 'test on');
  checkHeldOut(grid.train, grid.validation, 'validate');
  checkHeldOut(grid.train, grid.test, 'test');
  checkHeldOut(grid.validation, grid.test, 'test');
  return gridTasks(grid);
}

async function beginFolder<H extends Heads>(options: GridOptions<H>): Promise<void> {
  const file = join(options.folder, 'grid.json');
  const own = describeGrid(options);
  const earlier = await readJson<typeof own>(file);
  if (earlier === undefined) return writeText(file, json(own));
  const differs = (Object.keys(own) as (keyof typeof own)[]).filter(
    (key) => JSON.stringify(own[key]) !== JSON.stringify(earlier[key]),
  );
  if (differs.length === 0) return;
  throw new TrainerError(
    `${options.folder} holds the results of another grid: ` +
      `${differs.map((key) => `${key} was ${JSON.stringify(earlier[key])}, and is ${JSON.stringify(own[key])}`).join('; ')}. ` +
      'Take another folder, or the options of before.',
  );
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** `undefined` where there is no such file. */
async function readJson<Value>(file: string): Promise<Value | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new FileError(file, `cannot be read: ${messageOf(cause)}`, { cause });
  }
  try {
    return JSON.parse(text) as Value;
  } catch (cause) {
    throw new FileError(file, 'holds no whole JSON. Delete it, and its network is trained again.', { cause });
  }
}

async function writeText(file: string, text: string): Promise<void> {
  try {
    await mkdir(join(file, '..'), { recursive: true });
    await writeFileAtomic(file, text);
  } catch (cause) {
    throw new FileError(file, `cannot be written: ${messageOf(cause)}`, {
      cause,
    });
  }
}
