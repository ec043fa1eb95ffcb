import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@espalier/core';
import * as engine from '@espalier/engine';
import { type ClusterEvent, connect, readSpec } from '@espalier/engine/cluster';
import { constant, type FitOptions, fit, samplers } from '@espalier/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { runFolder } from '../src/checkpoints/run-folder.js';
import { Machines } from './cluster/machines.js';
import { compose, data, farthest, methods, options } from './cluster/problem.js';
import { own } from './own.js';
import { composeOf, regularizedDense, type SideHeads } from './small-task.js';

const missing = await engine.use('native').then(
  () => undefined,
  (error: Error) => error.message,
);
if (missing !== undefined) console.warn(`Clusters are not tested: ${missing}`);

/** What an attempt is refused with. */
async function refusal(attempt: Promise<unknown>): Promise<string> {
  const begun = performance.now();
  const error = await attempt.then(
    () => expect.fail('it was not refused'),
    (error: Error) => error,
  );
  expect(performance.now() - begun).toBeLessThan(10_000);
  return error.message;
}

// Processes that are killed and started, which takes long on a busy machine.
const limit = { timeout: 300_000 };

describe.skipIf(missing !== undefined || inject('engine') !== 'wasm')('a cluster', limit, () => {
  let machines: Machines;
  beforeAll(async () => {
    machines = await Machines.prepare(2);
    await machines.startAll();
  }, 120_000);
  afterAll(() => machines.stop());

  test.each(methods)(
    'gives the losses of one machine with the whole batch: %s',
    async (_, tolerance, method) => {
      const alone = await fit(own(compose()), { ...options(), ...method });
      const cluster = await connect({ file: machines.file });
      const before = tf.memory().numTensors;
      const counts: number[] = [];
      const model = own(compose());
      const together = await fit(model, {
        ...options(),
        ...method,
        cluster,
        onStep: () => counts.push(tf.memory().numTensors),
      });
      cluster.close();
      expect(together).toHaveLength(50);
      const worst = farthest(together, alone);
      console.info(_, worst);
      expect(worst).toBeLessThan(tolerance);
      expect(together.at(-1)!.losses.distance).toBeLessThan(0.5 * together[0].losses.distance!);
      expect(new Set(counts.slice(20)).size).toBe(1);
      expect(tf.memory().numTensors).toBe(before + model.weights.size);
    },
  );

  /** Trains, with something happening after a step, or before one is taken up. */
  async function disturbed(
    afterStep: number,
    happens: () => Promise<void>,
    more: Parameters<typeof connect>[0] = {},
    method: Partial<FitOptions<SideHeads>> = {},
    before: (step: number, events: readonly ClusterEvent[]) => Promise<void> = async () => undefined,
  ) {
    const events: ClusterEvent[] = [];
    const cluster = await connect({
      file: machines.file,
      deadlineSeconds: 20,
      ...more,
      onEvent(event) {
        events.push(event);
        more.onEvent?.(event);
      },
    });
    const ready = cluster.ready.bind(cluster);
    cluster.ready = async (step) => {
      await before(step, events);
      return ready(step);
    };
    let happening: Promise<void> | undefined;
    try {
      const records = await fit(own(compose()), {
        ...options(),
        cluster,
        onStep({ step }) {
          if (step === afterStep) happening = happens();
        },
        ...method,
      });
      return { records, events };
    } finally {
      await happening;
      cluster.close();
    }
  }

  const lossesOf = (records: Awaited<ReturnType<typeof fit>>) => records.map(({ losses }) => losses);

  function expectLosses(found: Awaited<ReturnType<typeof fit>>, expected: Awaited<ReturnType<typeof fit>>) {
    for (const [index, losses] of lossesOf(found).entries()) {
      for (const [task, loss] of Object.entries(losses)) {
        expect(Math.abs(loss! - (expected[index].losses as Record<string, number>)[task])).toBeLessThan(1e-5);
      }
    }
  }

  test('gives the losses of one machine where the sampler chooses by the losses', async () => {
    const following = () => ({ ...options(), sampler: samplers.byLoss<SideHeads>() });
    const alone = await fit(own(compose()), following());
    const cluster = await connect({ file: machines.file });
    const together = await fit(own(compose()), { ...following(), cluster });
    cluster.close();
    expect(together.map(({ losses }) => Object.keys(losses))).toEqual(
      alone.map(({ losses }) => Object.keys(losses)),
    );
    expectLosses(together, alone);
  });

  test('a worker that is killed and comes back takes the step up again', async () => {
    const alone = await fit(own(compose()), options());
    const { records, events } = await disturbed(7, async () => {
      await machines.signal('worker:1', 'SIGKILL');
      await machines.start('worker:1');
    });
    expectLosses(records, alone);
    expect(events.map(({ machine }) => machine)).toContain(`/job:worker/task:1 (${machines.jobs.worker[1]})`);
    expect(events[0].step).toBe(8);
    expect(events.at(-1)!.what).toMatch(/repeated/);
  });

  test('a worker that is started again while another one is lost is reported too', async () => {
    const alone = await fit(own(compose()), options());
    const { records, events } = await disturbed(
      7,
      async () => {
        await machines.signal('worker:1', 'SIGKILL');
        await machines.start('worker:1');
      },
      {},
      {},
      async (step, events) => {
        if (step !== 8 || events.length === 0 || events.some(({ machine }) => machine.includes('task:0')))
          return;
        // All sessions are given up now, and those that follow would not know that this is another process.
        await machines.signal('worker:0', 'SIGKILL');
        await machines.start('worker:0');
      },
    );
    expectLosses(records, alone);
    expect(events.at(-1)).toEqual({
      machine: `/job:worker/task:0 (${machines.jobs.worker[0]})`,
      step: 8,
      what: 'was started again before the step',
    });
  });

  test('a worker that stays away is left out, and its examples are read by the other', async () => {
    const alone = await fit(own(compose()), options());
    const { records, events } = await disturbed(7, () => machines.signal('worker:1', 'SIGKILL'), {
      lostWorkers: 'leave-out',
    });
    expectLosses(records, alone);
    expect(events).toHaveLength(1);
    expect(events[0].what).toMatch(/left out/);
    await machines.start('worker:1');
  });

  /** Epochs without end: to be stopped. */
  const steady = { epochs: 10_000, schedule: constant(0.001) };

  /** One machine alone, as many epochs. */
  const aloneFor = (records: readonly { readonly epoch: number }[]) =>
    fit(own(compose()), {
      ...options(),
      ...steady,
      onEpoch: ({ epoch }, stop) => void (epoch === records.at(-1)!.epoch && stop()),
    });

  test('a worker that stalls hits the deadline, and takes part again when it goes on', async () => {
    let isBack = false;
    const { records, events } = await disturbed(
      7,
      () => machines.signal('worker:0', 'SIGSTOP'),
      {
        lostWorkers: 'leave-out',
        deadlineSeconds: 5,
        onEvent({ what }) {
          if (/left out/.test(what)) void machines.signal('worker:0', 'SIGCONT');
          isBack ||= /takes part again/.test(what);
        },
      },
      { ...steady, onEpoch: (_, stop) => void (isBack && stop()) },
    );
    expectLosses(records, await aloneFor(records));
    expect(events[0].what).toMatch(/left out/);
    expect(isBack).toBe(true);
  });

  /**
   * For many:
   *
   *     CLUSTER_KILLS=20 npx vitest run packages/trainer/test/cluster.test --project wasm --silent=false -t random
   */
  const kills = Number(process.env.CLUSTER_KILLS ?? 2);
  test(
    'workers that are killed at random moments: every example is used once an epoch',
    async () => {
      const random = seededRandom(Number(process.env.SEED ?? 1));
      const lost = new Set<string>();
      const reports = new EventEmitter();
      const report = (name: string) => once(reports, name, { signal: AbortSignal.timeout(60_000) });
      let killed = 0;
      let killing = true;
      const kill = async () => {
        try {
          while (killed < kills) {
            await new Promise((resolve) => setTimeout(resolve, 500 * random()));
            const workers = [[0], [1], [0, 1]][Math.floor(3 * random())];
            const noticed = workers.map((worker) =>
              report(`/job:worker/task:${worker} (${machines.jobs.worker[worker]})`),
            );
            const again = workers.map(async (worker) => {
              await machines.signal(`worker:${worker}`, 'SIGKILL');
              await machines.start(`worker:${worker}`);
            });
            await Promise.all([...noticed, ...again]);
            killed += workers.length;
          }
        } finally {
          killing = false;
        }
      };
      const { records, events } = await disturbed(
        3,
        kill,
        {
          lostWorkers: 'leave-out',
          onEvent({ machine, what }) {
            if (what.startsWith('is lost')) lost.add(machine);
            else lost.delete(machine);
            reports.emit(machine);
          },
        },
        {
          ...steady,
          onEpoch(_, stop) {
            if (!killing && lost.size === 0) stop();
          },
        },
      );
      console.info(`${killed} kills, ${records.length} steps, ${events.length} events`);
      const alone = await aloneFor(records);
      expect(records).toHaveLength(alone.length);
      // The losses of each step are those of its whole batch: no example was left out, or counted twice.
      expectLosses(records, alone);
      expect(events.length).toBeGreaterThanOrEqual(killed);
    },
    300_000 + kills * 20_000,
  );

  test('a parameter server that is lost: training goes on from the last checkpoint', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'espalier-cluster-run-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const alone = await fit(own(compose()), options());
    const method = (resume: boolean) => ({ run: runFolder(folder, { resume, everySteps: 4 }) });
    const lost = disturbed(
      18,
      async () => {
        await machines.signal('ps:0', 'SIGKILL');
        await machines.start('ps:0');
      },
      {},
      method(false),
    );
    await expect(lost).rejects.toThrow(/parameter server .*is lost.*resume from the last checkpoint/);
    const { records } = await disturbed(50, async () => undefined, {}, method(true));
    expectLosses(records, alone);
  });

  test.each(['by itself', 'exit'] as const)(
    'a program whose parameter server is lost does not wait for it at its end: %s',
    async (way) => {
      const { code, took } = await machines.bereavedChief(way);
      await machines.start('ps:0');
      expect(code).toBe(3);
      // Its deadline is 20 s.
      expect(took).toBeLessThan(10_000);
    },
  );

  describe('what cannot work is refused, by name and within 10 seconds', () => {
    const fileWith = async (cluster: object) => {
      const file = join(machines.folder, `other-${Math.random()}.json`);
      await writeFile(file, JSON.stringify({ cluster }));
      return file;
    };

    test.each([
      ['no chief', { chief: [] }, /names no chief/],
      ['no worker', { worker: [] }, /names no worker/],
      [
        'one address twice',
        { worker: ['127.0.0.1:9', '127.0.0.1:9'] },
        /worker\/task:0 and .*worker\/task:1 have the same address, 127\.0\.0\.1:9/,
      ],
      ['an unknown job', { evaluator: ['a:1'] }, /no job "evaluator"/],
      ['no port', { worker: ['127.0.0.1'] }, /list of addresses/],
    ])('%s', async (_, changed, message) => {
      const file = await fileWith({ ...machines.jobs, ...changed });
      expect(await refusal(connect({ file }))).toMatch(message);
    });

    test('a file that is none', async () => {
      const file = join(machines.folder, 'cluster.txt');
      await writeFile(file, Buffer.from([1, 2, 3]));
      expect(() => readSpec(file)).toThrow(/it is no JSON/);
      expect(() => readSpec(join(machines.folder, 'none.json'))).toThrow(
        /cannot be read: ENOENT.*in the form of TF_CONFIG/,
      );
    });

    test('workers that nobody has started, and that do not answer', async () => {
      const silent = createServer().listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const { port } = silent.address() as { port: number };
      onTestFinished(() => void silent.close());
      const file = await fileWith({
        ...machines.jobs,
        worker: [machines.jobs.worker[0], '127.0.0.1:9', `127.0.0.1:${port}`],
      });
      const message = await refusal(connect({ file }));
      expect(message).toMatch(/worker\/task:1 \(127\.0\.0\.1:9\): nothing listens there/);
      expect(message).toMatch(/worker\/task:2 \(127\.0\.0\.1:\d+\): it does not answer/);
    });

    test('another cluster on another machine', async () => {
      const file = await fileWith({ ...machines.jobs, worker: [machines.jobs.worker[0]] });
      expect(await refusal(connect({ file }))).toMatch(/was told of another cluster/);
    });

    test('a batch with fewer examples than there are workers', async () => {
      const cluster = await connect({ file: machines.file });
      const attempt = fit(own(compose()), { ...options(), cluster, batchSize: 1 });
      expect(await refusal(attempt)).toMatch(/batchSize is 1, and the cluster has 2 workers/);
      cluster.close();
    });

    test('other data, or another network, on the workers', async () => {
      const cluster = await connect({ file: machines.file });
      const attempt = fit(own(compose()), { ...options(), cluster, data: { ...data, length: 59 } });
      expect(await refusal(attempt)).toMatch(/worker\/task:0 .*"examples":60.*"examples":59/);
      const wider = composeOf(() => [regularizedDense(17, 0.01)]);
      expect(await refusal(fit(own(wider), { ...options(), cluster }))).toMatch(
        /worker\/task:0 .*reads for another network/,
      );
      cluster.close();
    });

    test('a port in use, a public address, a private one that is not trusted, and the chief', async () => {
      const taken = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => taken.once('listening', resolve));
      const { port } = taken.address() as { port: number };
      const serve = async (address: string, task: string, ...more: string[]) => {
        const file = await fileWith({ ...machines.jobs, ps: [address] });
        return machines.serve('--cluster', file, '--task', task, ...more);
      };
      const begun = performance.now();
      const found = await Promise.all([
        serve(`127.0.0.1:${port}`, 'ps:0'),
        serve('8.8.8.8:2222', 'ps:0', '--i-trust-this-network'),
        serve('10.0.0.1:2222', 'ps:0'),
        serve('10.0.0.1:2222', 'chief:0'),
        serve('10.0.0.1:2222', 'worker:0'),
        serve('10.0.0.1:2222', 'worker:7'),
      ]);
      expect(performance.now() - begun).toBeLessThan(10_000);
      taken.close();
      expect(found.map(({ code }) => code)).toEqual([1, 1, 1, 1, 1, 1]);
      expect(found[0].output).toContain(`another process listens on port ${port}`);
      expect(found[1].output).toContain('8.8.8.8 is no address of a private network');
      expect(found[2].output).toContain('--i-trust-this-network');
      expect(found[3].output).toContain('the chief has no server');
      expect(found[4].output).toContain('--examples');
      expect(found[5].output).toContain('none of the cluster');
    });
  });

  test.runIf(process.platform === 'linux')('its servers listen on this machine alone', async () => {
    const ports = [...machines.jobs.ps, ...machines.jobs.worker].map((address) => {
      return Number(address.split(':')[1]).toString(16).toUpperCase().padStart(4, '0');
    });
    const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')));
    const listening = tables
      .join('')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === '0A' && ports.includes(local.split(':')[1]));
    expect(listening).toHaveLength(3);
    for (const [, local] of listening) expect(local).toMatch(/0100007F:/);
  });
});

describe.skipIf(missing !== undefined || inject('engine') !== 'wasm')('two parameter servers', limit, () => {
  let machines: Machines;
  beforeAll(async () => {
    machines = await Machines.prepare(2, 2);
    await machines.startAll();
  }, 120_000);
  afterAll(() => machines.stop());

  test.each(methods.slice(1, 3))('give the losses of one machine: %s', async (_, tolerance, method) => {
    const alone = await fit(own(compose()), { ...options(), ...method });
    const cluster = await connect({ file: machines.file });
    const together = await fit(own(compose()), { ...options(), ...method, cluster });
    cluster.close();
    expect(together).toHaveLength(50);
    expect(farthest(together, alone)).toBeLessThan(tolerance);
  });

  test('one that is lost is named', async () => {
    const cluster = await connect({ file: machines.file, onEvent: () => undefined });
    const attempt = fit(own(compose()), {
      ...options(),
      cluster,
      onStep: ({ step }) => void (step === 7 && machines.signal('ps:1', 'SIGKILL')),
    });
    await expect(attempt).rejects.toThrow(`/job:ps/task:1 (${machines.jobs.ps[1]}) is lost`);
    await machines.start('ps:1');
  });

  test.each([
    ['TensorFlow', { tensorflow: '2.20.0' }, /worker\/task:1 .* has TensorFlow 2\.20\.0, the chief 2\./],
    ['@espalier/engine', { addon: 'another' }, /worker\/task:1 .* has another version of @espalier\/engine/],
    ['what is said', { protocol: 1 }, /worker\/task:1 .* has another version of @espalier\/engine/],
  ] as const)('another version of %s on a worker is refused', async (_, said, message) => {
    // What a process says of itself when it starts.
    const pretend = `
      const { stringify } = JSON;
      JSON.stringify = (value, ...rest) =>
        stringify(value?.tensorflow ? { ...value, ...${JSON.stringify(said)} } : value, ...rest);`;
    await machines.signal('worker:1', 'SIGKILL');
    await machines.start('worker:1', {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(pretend)}`,
    });
    expect(await refusal(connect({ file: machines.file }))).toMatch(message);
  });
});

describe.skipIf(missing !== undefined || inject('engine') !== 'wasm')('the variable TF_CONFIG', limit, () => {
  test('tells chief, parameter server and workers who they are: they give the losses of one machine', async () => {
    const machines = await Machines.prepare(2, 1, 'TF_CONFIG');
    onTestFinished(() => machines.stop());
    await machines.startAll();
    const found = await machines.chief();
    expect(found).toHaveLength(methods.length);
    for (const [place, [name, tolerance, method]] of methods.entries()) {
      expect(found[place]).toHaveLength(50);
      const alone = await fit(own(compose()), { ...options(), ...method });
      expect(farthest(found[place], alone), name).toBeLessThan(tolerance);
    }
  });
});
