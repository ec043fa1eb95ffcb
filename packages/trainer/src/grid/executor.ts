import type { Heads } from '@espalier/core';
import type { GridJob } from './jobs.js';
import { type FailedJob, type GridTask, type JobResult, runJob } from './run-job.js';

/** Trains the networks of a grid, here or elsewhere. */
export interface GridExecutor {
  /**
   * @param keep called once for each network, as soon as there is what came of it; awaited.
   * @returns the networks that could not be trained: nothing is kept of them, so that they are trained again next time.
   * @throws InterruptedError when the grid's signal says so.
   */
  run<H extends Heads>(
    jobs: readonly GridJob[],
    grid: GridTask<H>,
    keep: (outcome: JobResult | FailedJob) => Promise<void>,
  ): Promise<readonly FailedJob[]>;
}

/** One network after another, in this process. */
export const inThisProcess: GridExecutor = {
  async run(jobs, grid, keep) {
    for (const job of jobs) await keep(await runJob(job, grid));
    return [];
  },
};
