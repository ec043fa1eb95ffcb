import { Queue, QueueEvents } from 'bullmq';
import { InterruptedError } from '../../errors.js';
import type { GridExecutor } from '../executor.js';
import type { GridJob } from '../jobs.js';
import type { FailedJob, JobResult } from '../run-job.js';
import { connect } from './connection.js';
import { differences, type Fingerprint, fingerprintOf, jobIdOf } from './fingerprint.js';
import { type QueuedJob, type QueueOptions, queueNameOf, TAKEOVERS } from './job-queue.js';

export interface QueuedOptions extends QueueOptions {
  /** How often a network is begun whose training ends with an error, before it is given up (3). */
  readonly attempts?: number;
}

type GridQueue = Queue<QueuedJob, JobResult | FailedJob>;

/** The server keeps what came of a network for a week, for whoever gave it out and was not there. */
const KEEP = { age: 7 * 24 * 3600 };
/** How soon an attempt follows a failed one. */
const BACKOFF_MS = 1000;
/** Events say at once what is done; this is how often it is looked at, should one be missed. */
const LOOK_MS = 5000;

/**
 * Has workers (see `workOnGrid`) train the networks of a grid, on any number of machines, through a queue on a server of
 * Redis or Valkey.
 *
 * A network is named by all that decides what comes of it. So it is in the queue once, whoever gives it out and however
 * often, and what came of it earlier is taken as it is.
 *
 * @throws TrainerError when the server cannot be used.
 */
export function queued(options: QueuedOptions): GridExecutor {
  return {
    async run(jobs, grid, keep) {
      if (jobs.length === 0) return [];
      const { notice = console.warn, attempts = 3 } = options;
      const fingerprint = fingerprintOf(grid, options);
      const waiting = new Map(jobs.map((job) => [jobIdOf(fingerprint, job), job]));
      const { redis, server, close } = await connect(options.url, notice);
      const name = queueNameOf(options.name);
      const queue: GridQueue = new Queue(name, {
        connection: redis,
        defaultJobOptions: {
          attempts,
          backoff: { type: 'fixed', delay: BACKOFF_MS },
          removeOnComplete: KEEP,
          removeOnFail: KEEP,
        },
      });
      const events = new QueueEvents(name, { connection: redis });
      // Their connections are sought again like the first one, which says so.
      queue.on('error', () => undefined);
      events.on('error', () => undefined);
      try {
        await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
        await removeOthers(queue, fingerprint, notice);
        await giveUpFailures(queue, [...waiting.keys()]);
        await add(queue, waiting, fingerprint);
        notice(`The queue "${options.name}" at ${server} has ${jobs.length} networks for workers.`);
        return await collect({
          queue,
          events,
          waiting,
          fingerprint,
          server,
          notice,
          keep,
          signal: grid.signal,
        });
      } finally {
        await Promise.all([queue.close(), events.close()]);
        close();
      }
    },
  };
}

async function add(queue: GridQueue, jobs: ReadonlyMap<string, GridJob>, fingerprint: Fingerprint) {
  await queue.addBulk(
    [...jobs].map(([jobId, job]) => ({ name: job.id, data: { job, fingerprint }, opts: { jobId } })),
  );
}

/** Networks that wait from before the experiment was changed: no worker of today takes them. */
async function removeOthers(queue: GridQueue, fingerprint: Fingerprint, notice: (sentence: string) => void) {
  const jobs = await queue.getJobs(['waiting', 'delayed']);
  const others = jobs.filter(({ data }) => differences(data.fingerprint, fingerprint).length > 0);
  for (const job of others) await job.remove();
  if (others.length === 0) return;
  notice(
    `${others.length} networks of another version of this experiment waited in the queue; they are removed.`,
  );
}

/** A network that failed before is begun anew. */
async function giveUpFailures(queue: GridQueue, ids: readonly string[]) {
  for (const id of ids) {
    if ((await queue.getJobState(id)) === 'failed') await queue.remove(id);
  }
}

interface Collection {
  readonly queue: GridQueue;
  readonly events: QueueEvents;
  /** By their ids in the queue; those that are done are taken out. */
  readonly waiting: Map<string, GridJob>;
  readonly fingerprint: Fingerprint;
  readonly server: string;
  readonly notice: (sentence: string) => void;
  readonly keep: (outcome: JobResult | FailedJob) => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/** Hands on what comes of the networks until there is nothing to wait for. */
async function collect({ queue, events, waiting, fingerprint, server, notice, keep, signal }: Collection) {
  const failed: FailedJob[] = [];
  let alone = false;

  const look = async (id: string) => {
    const job = waiting.get(id);
    if (job === undefined) return;
    const state = await queue.getJobState(id);
    if (state === 'unknown') return add(queue, new Map([[id, job]]), fingerprint);
    if (state !== 'completed' && state !== 'failed') return;
    const found = await queue.getJob(id);
    if (found === undefined) return;
    waiting.delete(id);
    if (state === 'completed') await keep(found.returnvalue);
    else failed.push({ job, failed: reasonOf(found.failedReason, found.attemptsMade), again: true });
  };
  const lookAtAll = async () => {
    for (const id of waiting.keys()) await look(id);
    const workers = await queue.getWorkersCount().catch(() => undefined);
    if (workers === 0 && !alone && waiting.size > 0) {
      notice(`No worker is at the queue at ${server}: ${waiting.size} networks wait for one.`);
    }
    alone = workers === 0;
  };

  let timer: ReturnType<typeof setInterval> | undefined;
  let stop = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      // One look after another, so that nothing is kept twice.
      let looks: Promise<unknown> = Promise.resolve();
      const then = (next: () => Promise<void>) => {
        looks = looks
          .then(next)
          .then(() => waiting.size > 0 || resolve())
          .catch(reject);
      };
      events.on('completed', ({ jobId }) => then(() => look(jobId)));
      events.on('failed', ({ jobId }) => then(() => look(jobId)));
      timer = setInterval(() => then(lookAtAll), LOOK_MS);
      then(lookAtAll);
      stop = () => reject(new InterruptedError(0, true));
      signal?.addEventListener('abort', stop);
      if (signal?.aborted) stop();
    });
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', stop);
  }
  return failed;
}

/** BullMQ says of a job whose worker went away too often that it stalled. */
function reasonOf(failedReason: string, attempts: number): string {
  if (/stalled more than/.test(failedReason)) {
    return `its worker was lost more than ${TAKEOVERS} times while it was trained, the last time for good.`;
  }
  return `${failedReason} (${attempts} attempts)`;
}
