import { hostname } from 'node:os';
import type { Heads } from '@espalier/core';
import { type Job, WaitingError, Worker } from 'bullmq';
import { InterruptedError, TrainerError } from '../../errors.js';
import type { GridJob } from '../jobs.js';
import { type FailedJob, type GridTask, type JobResult, runJob } from '../run-job.js';
import { connect } from './connection.js';
import { differences, fingerprintOf } from './fingerprint.js';
import { type QueuedJob, type QueueOptions, queueNameOf, TAKEOVERS } from './job-queue.js';

export interface WorkOptions extends QueueOptions {
  /**
   * After how many seconds without a sign of life a worker has lost its network to another (60). Signs are given between
   * steps: no step, and no evaluation, may take longer.
   */
  readonly lease?: number;
  /** Called when a network is begun, and when it is done, has failed, or went back to the queue. */
  readonly onJob?: (job: GridJob, state: 'begun' | 'done' | 'failed' | 'returned') => void;
}

type Outcome = JobResult | FailedJob;

/**
 * Trains networks of a grid from the queue that `queued` gives them out by, one after another, until the grid's signal
 * says to stop: then the one that is under way goes back to the queue. If the process dies, another worker takes that
 * network over, from its beginning.
 *
 * @throws TrainerError when the server cannot be used, or this experiment is not the one of a network that waits: what
 * differs is said, and the network is left to others.
 */
export async function workOnGrid<H extends Heads>(grid: GridTask<H>, options: WorkOptions): Promise<void> {
  const { notice = console.warn, lease = 60, onJob } = options;
  if (!(lease > 0)) throw new TrainerError(`The lease of a worker is ${lease} s; expected more than 0.`);
  const own = fingerprintOf(grid, options);
  const { redis, server, close } = await connect(options.url, notice);

  const ended = new AbortController();
  const stopped = AbortSignal.any([ended.signal, ...(grid.signal ? [grid.signal] : [])]);
  const end = (reason?: unknown) => ended.abort(reason);

  const giveBack = async (queued: Job, token: string | undefined): Promise<never> => {
    await queued.moveToWait(token);
    throw new WaitingError();
  };
  const train = async (queued: Job<QueuedJob, Outcome>, token?: string, lost?: AbortSignal) => {
    const { job, fingerprint } = queued.data;
    const differing = differences(fingerprint, own);
    if (differing.length > 0) {
      end(
        new TrainerError(
          `This worker cannot take part in the grid "${options.name}" at ${server}, whose experiment is another: ` +
            `${differing.join('; ')}. Give all machines the same code, data and options.`,
        ),
      );
      return giveBack(queued, token);
    }
    onJob?.(job, 'begun');
    try {
      const signal = AbortSignal.any([stopped, ...(lost ? [lost] : [])]);
      const outcome = await runJob(job, { ...grid, signal });
      onJob?.(job, 'done');
      return outcome;
    } catch (error) {
      if (!(error instanceof InterruptedError)) {
        onJob?.(job, 'failed');
        throw error;
      }
      onJob?.(job, 'returned');
      return giveBack(queued, token);
    }
  };

  const worker = new Worker<QueuedJob, Outcome>(queueNameOf(options.name), train, {
    connection: redis,
    name: `${hostname()}:${process.pid}`,
    lockDuration: lease * 1000,
    stalledInterval: (lease * 1000) / 4,
    maxStalledCount: TAKEOVERS,
    runRetryDelay: 2000,
    autorun: false,
  });
  worker.on('error', () => undefined);
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) worker.cancelJob(id);
    notice(
      `A network went to another worker, since this one gave no sign for ${lease} s. Where steps take that long, ` +
        'give a longer lease.',
    );
  });
  try {
    await worker.waitUntilReady();
    notice(`Ready to train networks of the queue "${options.name}" at ${server}.`);
    const running = worker.run();
    await Promise.race([running, aborted(stopped)]);
    await worker.close();
  } finally {
    close();
  }
  if (ended.signal.reason instanceof Error) throw ended.signal.reason;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
