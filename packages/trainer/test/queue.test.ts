import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { sum, type Weighting } from '@espalier/losses';
import { GridInterruptedError } from '@espalier/trainer';
import { compareGrid, type GridOptions } from '@espalier/trainer/node';
import { type QueueOptions, queued, type WorkOptions, workOnGrid } from '@espalier/trainer/queue';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { freePorts } from './free-ports.js';
import { type RedisServer, startRedis, withoutRedis } from './redis-server.js';
import { smallGrid } from './small-grid.js';
import { points, type SideHeads } from './small-task.js';

let folder: string;
let redis: RedisServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-queue-'));
});
afterEach(async () => {
  await redis?.stop();
  redis = undefined;
  await rm(folder, { recursive: true });
});

const grid = (more: Partial<GridOptions<SideHeads>> = {}): GridOptions<SideHeads> => ({
  ...smallGrid,
  folder,
  train: points(32, 1),
  epochs: 1,
  ...more,
});

const queue = (url: string, more: Partial<WorkOptions> = {}): QueueOptions => ({
  url,
  name: 'sides',
  engine: inject('engine'),
  code: { commit: 'a' },
  notice: (sentence) => said.push(sentence),
  ...more,
});
let said: string[] = [];
beforeEach(() => {
  said = [];
});

/** Machines may be busy. */
const eventually = <Value>(value: () => Value) => expect.poll(value, { timeout: 30_000 });

/** A worker in this process, until it is stopped. */
function startWorker(own: GridOptions<SideHeads>, options: WorkOptions) {
  const stopping = new AbortController();
  const done = workOnGrid({ ...own, signal: stopping.signal }, options);
  return {
    done,
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

const withoutTimes = (summary: unknown) => JSON.parse(JSON.stringify(summary));

describe.skipIf(withoutRedis)('a grid from a queue', () => {
  test('gives exactly what the local run gives, and nothing is trained twice', async () => {
    redis = await startRedis();
    const local = await compareGrid(grid({ folder: join(folder, 'local') }));
    const begun: string[] = [];
    const options = queue(redis.url);
    const workers = [1, 2].map(() =>
      startWorker(grid(), { ...options, onJob: (job, state) => state === 'begun' && begun.push(job.id) }),
    );
    const own = grid({ folder: join(folder, 'queued'), executor: queued(options) });
    const summary = await compareGrid(own);
    expect(withoutTimes(summary)).toEqual(withoutTimes(local));
    expect(begun.toSorted()).toEqual([...new Set(begun)].toSorted());
    expect(begun).toHaveLength(9);
    expect(await readdir(join(folder, 'queued/runs'))).toHaveLength(9);

    // Another folder, and the same experiment: what is on the server is taken.
    const again = await compareGrid({ ...own, folder: join(folder, 'again') });
    expect(again).toEqual(summary);
    expect(begun).toHaveLength(9);
    for (const worker of workers) await worker.stop();
  });

  test('a network that fails is tried a stated number of times, named, and tried again next time', async () => {
    redis = await startRedis();
    const options = queue(redis.url);
    let broken = true;
    let tries = 0;
    const breaking: Weighting = {
      ...sum(),
      init(tasks) {
        if (broken && ++tries) throw new Error('the disk is full');
        return sum().init(tasks);
      },
    };
    const own = grid({
      weightings: { breaking },
      aggregators: { none: undefined },
      executor: queued({ ...options, attempts: 2 }),
    });
    const worker = startWorker(own, options);
    const failed: string[] = [];
    const summary = await compareGrid({
      ...own,
      onJob: (done) => done.failed && failed.push(`${done.job.id}: ${done.failed}`),
    });
    expect(tries).toBe(2);
    expect(failed).toEqual(['method__hard__breaking__none__1: the disk is full (2 attempts)']);
    expect(summary.failed.map(({ job }) => job.id)).toEqual(['method__hard__breaking__none__1']);
    expect(await readdir(join(folder, 'runs'))).toHaveLength(7);

    broken = false;
    const second = await compareGrid(own);
    expect(second.failed).toEqual([]);
    expect(await readdir(join(folder, 'runs'))).toHaveLength(8);
    await worker.stop();
  });

  test('a worker with other code, data or engine is refused by name, and loses nothing', async () => {
    redis = await startRedis();
    const options = queue(redis.url);
    const comparing = compareGrid(grid({ executor: queued(options) }));
    const other = startWorker(grid({ train: points(32, 9), epochs: 2 }), {
      ...options,
      code: { commit: 'b' },
    });
    await expect(other.done).rejects.toThrow(
      /^This worker cannot take part in the grid "sides" at redis:\/\/127\.0\.0\.1:\d+, whose experiment is another: commit \(a there, b here\); epochs \(1 there, 2 here\); examples to train on \(32 examples, \w+ there, 32 examples, \w+ here\)\. Give/,
    );
    const worker = startWorker(grid(), options);
    expect((await comparing).failed).toEqual([]);
    await worker.stop();
  });

  test('what waits from before the experiment was changed is removed, and said', async () => {
    redis = await startRedis();
    const options = queue(redis.url);
    const stopping = new AbortController();
    const first = compareGrid(grid({ executor: queued(options), signal: stopping.signal }));
    await eventually(() => said.join()).toMatch(/No worker is at the queue at redis:\S+: 9 networks wait/);
    stopping.abort();
    await expect(first).rejects.toThrow(GridInterruptedError);
    await expect(first).rejects.toThrow('after 0 of 9 networks');

    const changed = queue(redis.url, { code: { commit: 'b' } });
    const second = compareGrid(
      grid({ folder: join(folder, 'changed'), epochs: 2, executor: queued(changed) }),
    );
    await eventually(() => said.join()).toMatch(/9 networks of another version of this experiment/);
    const worker = startWorker(grid({ epochs: 2 }), changed);
    expect((await second).failed).toEqual([]);
    await worker.stop();
  });

  test('a worker that is stopped gives its network back', async () => {
    redis = await startRedis();
    const options = queue(redis.url);
    const own = grid({
      epochs: 30,
      seeds: [1],
      weightings: { sum: sum() },
      aggregators: { none: undefined },
    });
    const comparing = compareGrid({ ...own, executor: queued({ ...options, attempts: 1 }) });
    const states: string[] = [];
    const first = startWorker(own, { ...options, onJob: (_, state) => states.push(state) });
    await eventually(() => states).toContain('begun');
    await first.stop();
    expect(states).toEqual(['begun', 'returned']);
    const second = startWorker(own, options);
    expect((await comparing).failed).toEqual([]);
    await second.stop();
  });

  test('a server that goes away and comes back empty loses nothing', async () => {
    redis = await startRedis();
    const options = queue(redis.url);
    const own = grid();
    const comparing = compareGrid({ ...own, executor: queued(options) });
    await eventually(() => said.join()).toContain('No worker is at the queue');
    await redis.stop();
    await eventually(() => said.join()).toContain('is lost');
    redis = await startRedis({ port: redis.port });
    const worker = startWorker(own, options);
    expect((await comparing).failed).toEqual([]);
    expect(said.join()).toContain('is back');
    await worker.stop();
  });
});

describe('a queue that cannot be used', () => {
  const use = (url: string) => compareGrid(grid({ executor: queued(queue(url)) }));

  test('nobody listens: said within seconds, without the password', async () => {
    const url = `redis://me:s3cret@127.0.0.1:${await freePorts(1)}`;
    const error = await use(url).catch((error: unknown) => error);
    expect(error).toMatchObject({
      name: 'TrainerError',
      message: expect.stringMatching(
        /^The queue at redis:\/\/127\.0\.0\.1:\d+ cannot be used: connect ECONNREFUSED .*Start Redis or Valkey there/,
      ),
    });
    expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
    await expect(workOnGrid(grid(), queue(url))).rejects.toThrow('cannot be used: connect ECONNREFUSED');
  });

  test('another kind of server listens', async () => {
    const other = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(use(`redis://127.0.0.1:${port}`)).rejects.toThrow(/cannot be used: /);
    other.closeAllConnections();
    other.close();
  });

  test.each(['', 'localhost', 'http://s3cret@host', 'redis:s3cret', '::s3cret@'])(
    'the address "%s"',
    async (url) => {
      const error = await use(url).catch((error: unknown) => error);
      expect(error).toMatchObject({
        message: expect.stringMatching(/^The queue's address .*expected redis:\/\/host/),
      });
      expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
    },
  );

  test.skipIf(withoutRedis)('the password is wrong or missing', async () => {
    redis = await startRedis({ password: 'r1ght' });
    for (const [password, reason] of [
      ['wr0ng', /cannot be used: WRONGPASS/],
      ['', /cannot be used: NOAUTH/],
    ] as const) {
      const url = `redis://${password && `:${password}@`}127.0.0.1:${redis.port}`;
      const error = await use(url).catch((error: unknown) => error);
      expect(error).toMatchObject({ message: expect.stringMatching(reason) });
      expect(inspect(error, { depth: 9 })).not.toContain('wr0ng');
    }
  });
});
