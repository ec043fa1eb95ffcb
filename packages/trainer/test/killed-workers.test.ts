import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@espalier/core';
import { compareGrid } from '@espalier/trainer/node';
import { queued } from '@espalier/trainer/queue';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { bundle } from './bundle.js';
import { conditions, grid } from './kill/grid.js';
import { type RedisServer, startRedis, withoutRedis } from './redis-server.js';

const WORKERS = 4;
const KILLS = 10;
const LONGEST_DELAY_MS = 300;

let folder: string;
let redis: RedisServer;
const workers = new Set<ChildProcess>();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-killed-workers-'));
  redis = await startRedis();
});
afterEach(async () => {
  await Promise.all([...workers].map(kill));
  await redis.stop();
  await rm(folder, { recursive: true });
});

async function kill(worker: ChildProcess) {
  workers.delete(worker);
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill('SIGKILL');
  await once(worker, 'close');
}

// The workers are processes of their own, which compute on the plain engine.
test.skipIf(withoutRedis || inject('engine') !== 'cpu')(
  'sixty networks on four workers with ten random kills: sixty results, none twice, and those of the local run',
  async () => {
    const script = join(folder, 'worker.mjs');
    await bundle({ entryPoints: ['kill/worker.ts'], outfile: script });
    const start = () => {
      const { NODE_OPTIONS: _, ...env } = process.env;
      workers.add(
        spawn(process.execPath, [script, redis.url], { env, stdio: ['ignore', 'ignore', 'inherit'] }),
      );
    };
    for (let count = 0; count < WORKERS; count++) start();

    const random = seededRandom(60);
    const kills: Promise<void>[] = [];
    const killOne = async () => {
      await new Promise((resolve) => setTimeout(resolve, random() * LONGEST_DELAY_MS));
      const running = [...workers];
      await kill(running[Math.floor(random() * running.length)]);
      start();
    };
    const results: string[] = [];
    const summary = await compareGrid({
      ...grid,
      folder: join(folder, 'grid'),
      executor: queued({ ...conditions, url: redis.url }),
      onJob({ job }) {
        results.push(job.id);
        if (results.length % 5 === 0 && kills.length < KILLS) kills.push(killOne());
      },
    });
    await Promise.all(kills);
    expect(kills).toHaveLength(KILLS);
    expect(results).toHaveLength(60);
    expect(new Set(results).size).toBe(60);
    expect(await readdir(join(folder, 'grid/runs'))).toHaveLength(60);

    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const queue = new Queue(`espalier-${conditions.name}`, { connection });
    const jobs = await queue.getJobs();
    await queue.close();
    connection.disconnect();
    expect(jobs.map(({ name }) => name).toSorted()).toEqual(results.toSorted());
    const takenOver = jobs.reduce((sum, { stalledCounter }) => sum + stalledCounter, 0);
    expect(takenOver).toBeGreaterThan(0);

    expect(summary).toEqual(await compareGrid({ ...grid, folder: join(folder, 'local') }));
  },
  180_000,
);
