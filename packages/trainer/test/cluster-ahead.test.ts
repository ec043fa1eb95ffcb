import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { seededRandom } from '@espalier/core';
import * as engine from '@espalier/engine';
import { type ClusterEvent, connect } from '@espalier/engine/cluster';
import { aggregators, weightings } from '@espalier/losses';
import { type FitOptions, fit } from '@espalier/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { runFolder } from '../src/checkpoints/run-folder.js';
import { composeLinear, linearOptions, type ProductHeads, weightsAfter } from './cluster/linear-problem.js';
import { Machines } from './cluster/machines.js';
import { compose, farthest, methods, options } from './cluster/problem.js';
import { own } from './own.js';
import type { SideHeads } from './small-task.js';

const missing = await engine.use('native').then(
  () => undefined,
  (error: Error) => error.message,
);
if (missing !== undefined) console.warn(`Clusters are not tested: ${missing}`);
const isSkipped = missing !== undefined || inject('engine') !== 'wasm';
const limit = { timeout: 300_000 };

/** Trains the points' problem on a cluster. */
async function train(
  machines: Machines,
  method: Partial<FitOptions<SideHeads>>,
  connection: Parameters<typeof connect>[0] = {},
) {
  const events: ClusterEvent[] = [];
  const cluster = await connect({
    file: machines.file,
    onEvent: (event) => void events.push(event),
    ...connection,
  });
  try {
    return { records: await fit(own(compose()), { ...options(), ...method, cluster }), events };
  } finally {
    cluster.close();
  }
}

/** Trains the linear problem: what each epoch has added to the weights, and the last ones beside what they have to be. */
async function trainLinear(
  machines: Machines,
  { onEpoch, ...method }: Partial<FitOptions<ProductHeads>>,
  onEvent: (event: ClusterEvent) => void = () => undefined,
) {
  const cluster = await connect({
    file: machines.file,
    lostWorkers: 'leave-out',
    deadlineSeconds: 20,
    onEvent,
  });
  const model = own(composeLinear());
  const [variable] = model.weights.values();
  const begin = [...variable.dataSync()];
  let former = begin;
  const added: number[][] = [];
  try {
    const { epochs = 5 } = method;
    await fit(model, {
      ...linearOptions(),
      ...method,
      epochs,
      cluster,
      onEpoch(record, stop) {
        const now = [...variable.dataSync()];
        added.push(now.map((weight, place) => weight - former[place]));
        former = now;
        return onEpoch?.(record, stop);
      },
    });
    return { added, last: former, expected: weightsAfter(epochs, begin) };
  } finally {
    cluster.close();
  }
}

function expectClose(found: readonly number[], expected: readonly number[]) {
  expect(Math.max(...found.map((value, place) => Math.abs(value - expected[place])))).toBeLessThan(5e-5);
}

/** With losses that a weighting looks at, and gradients that an aggregator does. */
const looking: typeof methods = [
  ...methods,
  ['SGD, uncertainty', 1e-5, { weighting: weightings.uncertainty() }],
];

describe.skipIf(isSkipped)('asynchronous updates', limit, () => {
  describe('of one worker', () => {
    let machines: Machines;
    beforeAll(async () => {
      machines = await Machines.prepare(1);
      await machines.startAll();
    }, 120_000);
    afterAll(() => machines.stop());

    test.each(looking)('are the updates of one machine: %s', async (name, _, method) => {
      const alone = await fit(own(compose()), { ...options(), ...method });
      const { records } = await train(machines, { ...method, updates: 'asynchronous' });
      expect(records).toHaveLength(50);
      const worst = farthest(records, alone);
      console.info(name, worst);
      // Of a sum, one machine takes one gradient, which rounds otherwise.
      expect(worst).toBeLessThanOrEqual(method.aggregator === undefined ? 1e-6 : 0);
    });
  });

  describe('of two workers', () => {
    let machines: Machines;
    beforeAll(async () => {
      machines = await Machines.prepare(2);
      await machines.startAll();
    }, 120_000);
    afterAll(() => machines.stop());

    test('learn, take no more memory from step to step, and are said to change results', async () => {
      const counts: number[] = [];
      const { records, events } = await train(machines, {
        updates: 'asynchronous',
        onStep: () => void counts.push(tf.memory().numTensors),
      });
      const mean = (epoch: number) => {
        const of = records.filter((record) => record.epoch === epoch);
        return of.reduce((sum, { losses }) => sum + losses.distance!, 0) / of.length;
      };
      expect(records).toHaveLength(50);
      expect(mean(10)).toBeLessThan(0.5 * mean(1));
      expect(Math.max(...counts.slice(30))).toBe(Math.max(...counts.slice(10, 30)));
      expect(events).toHaveLength(1);
      expect(events[0].machine).toContain('/job:chief/task:0');
      expect(events[0].what).toMatch(/asynchronous.*results are not those of synchronous training/);
    });

    test('with UPGrad learn too', async () => {
      const { records } = await train(machines, {
        updates: 'asynchronous',
        aggregator: aggregators.upGrad(),
      });
      expect(records.at(-1)!.losses.side).toBeLessThan(0.7 * records[0].losses.side!);
    });
  });
});

describe.skipIf(isSkipped)('a step with backup workers', limit, () => {
  let machines: Machines;
  beforeAll(async () => {
    machines = await Machines.prepare(3);
    await machines.startAll();
  }, 120_000);
  afterAll(() => machines.stop());

  const even = { batchSize: 12 };

  test('without any is the synchronous one', async () => {
    const { records: synchronous } = await train(machines, even);
    const { records } = await train(machines, { ...even, backupWorkers: 0 });
    expect(records.map(({ losses }) => losses)).toEqual(synchronous.map(({ losses }) => losses));
  });

  test.each(looking)(
    'does not wait for a slow one, and takes the examples of the others: %s',
    async (name, tolerance, method) => {
      await machines.signal('worker:2', 'SIGKILL');
      await machines.start('worker:2', { SLOW_MS: '3000' });
      const alone = await fit(own(compose()), { ...options(), ...method, ...even });
      const begun = performance.now();
      const { records, events } = await train(machines, { ...method, ...even, backupWorkers: 1 });
      const worst = farthest(records, alone);
      console.info(name, worst, performance.now() - begun);
      // What the slow one was asked for is what the others get next. So they go through the examples in their order.
      expect(worst).toBeLessThan(tolerance);
      expect(records).toHaveLength(50);
      expect(events).toEqual([]);
      await machines.signal('worker:2', 'SIGKILL');
      await machines.start('worker:2');
    },
  );
});

describe.skipIf(isSkipped)('a step with a backup worker and two parameter servers', limit, () => {
  test.each(methods.slice(2))('gives the losses of one machine: %s', async (_, tolerance, method) => {
    const machines = await Machines.prepare(2, 2);
    onTestFinished(() => machines.stop());
    await Promise.all([machines.start('ps:0'), machines.start('ps:1'), machines.start('worker:0')]);
    await machines.start('worker:1', { SLOW_MS: '3000' });
    const { records } = await train(machines, { ...method, backupWorkers: 1 });
    const alone = await fit(own(compose()), { ...options(), ...method });
    expect(farthest(records, alone)).toBeLessThan(tolerance);
  });
});

describe.skipIf(isSkipped)('every example is used once an epoch', limit, () => {
  let machines: Machines;
  beforeAll(async () => {
    machines = await Machines.prepare(3);
    await machines.startAll({ PROBLEM: 'linear' });
  }, 120_000);
  afterAll(() => machines.stop());

  const ways: readonly [string, Partial<FitOptions<ProductHeads>>][] = [
    ['asynchronous updates', { updates: 'asynchronous' }],
    ['a backup worker', { backupWorkers: 1 }],
    ['two backup workers', { backupWorkers: 2 }],
  ];

  const anEpoch = weightsAfter(1, [0, 0]);

  test.each(ways)('by %s', async (_, method) => {
    const { added } = await trainLinear(machines, method);
    expect(added).toHaveLength(5);
    for (const epoch of added) expectClose(epoch, anEpoch);
  });

  test.each(ways)('by %s, where workers are killed, which is reported', async (_, method) => {
    const random = seededRandom(Number(process.env.SEED ?? 1));
    const kills = Number(process.env.CLUSTER_KILLS ?? 2);
    const reported = new Set<string>();
    const reports = new EventEmitter();
    const kill = async () => {
      for (let killed = 0; killed < kills; killed++) {
        await setTimeout(500 * random());
        const worker = Math.floor(3 * random());
        const machine = `/job:worker/task:${worker} (${machines.jobs.worker[worker]})`;
        const isLost = once(reports, machine, { signal: AbortSignal.timeout(60_000) });
        await machines.signal(`worker:${worker}`, 'SIGKILL');
        await isLost;
        const isBack = once(reports, machine, { signal: AbortSignal.timeout(60_000) });
        await machines.start(`worker:${worker}`, { PROBLEM: 'linear' });
        await isBack;
      }
    };
    let killing: Promise<void> | undefined;
    let isOver = false;
    const { added } = await trainLinear(
      machines,
      {
        ...method,
        epochs: 10_000,
        onStep({ step }) {
          if (step === 3) killing = kill().finally(() => (isOver = true));
        },
        onEpoch: (_, stop) => void (isOver && stop()),
      },
      ({ machine, what }) => {
        reported.add(what);
        reports.emit(machine);
      },
    );
    await killing;
    console.info(added.length, [...reported]);
    for (const epoch of added) expectClose(epoch, anEpoch);
  });

  test.each(ways)('by %s, where training breaks off, is stopped and resumed', async (_, method) => {
    const folder = await mkdtemp(join(tmpdir(), 'espalier-cluster-ahead-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const run = (resume: boolean) => ({ ...method, run: runFolder(folder, { resume, everySteps: 7 }) });
    const breaking = trainLinear(machines, {
      ...run(false),
      onStep({ step }) {
        if (step === 18) throw new Error('a fault of the program');
      },
    });
    await expect(breaking).rejects.toThrow('a fault of the program');
    const stop = new AbortController();
    const stopping = trainLinear(machines, {
      ...run(true),
      signal: stop.signal,
      onStep({ step }) {
        expect(step).toBeGreaterThan(14);
        if (step === 26) stop.abort();
      },
    });
    await expect(stopping).rejects.toThrow(/interrupted after step 2[678]/);
    const { last, expected } = await trainLinear(machines, run(true));
    expectClose(last, expected);
  });

  test('options that contradict each other are refused', async () => {
    const cluster = await connect({ file: machines.file, onEvent: () => undefined });
    const attempt = (method: Partial<FitOptions<ProductHeads>>) =>
      fit(own(composeLinear()), { ...linearOptions(), epochs: 1, cluster, ...method });
    await expect(attempt({ updates: 'asynchronous', backupWorkers: 1 })).rejects.toThrow(
      /backupWorkers are for synchronous updates/,
    );
    await expect(attempt({ backupWorkers: 3 })).rejects.toThrow(/backupWorkers is 3.*has 3 workers/);
    await expect(attempt({ backupWorkers: -1 })).rejects.toThrow(
      /backupWorkers is -1; expected a whole number/,
    );
    await expect(attempt({ backupWorkers: 1, batchSize: 7 })).rejects.toThrow(
      /batchSize is 7, and a step waits for 2 of 3 workers.*a multiple of 2/,
    );
    await expect(attempt({ updates: 'asynchronous', accumulate: 2 })).rejects.toThrow(/accumulate is 2/);
    await expect(attempt({ updates: 'asynchronous', weighting: weightings.famo() })).rejects.toThrow(/famo/i);
    cluster.close();
  });
});

test.each([{ updates: 'asynchronous' }, { backupWorkers: 1 }] as const)(
  'without a cluster %o is refused',
  async (option) => {
    const attempt = fit(own(composeLinear()), { ...linearOptions(), epochs: 1, ...option });
    await expect(attempt).rejects.toThrow(`${Object.keys(option)[0]} is for the workers of a cluster`);
  },
);
