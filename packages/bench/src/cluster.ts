/** `pnpm bench cluster`: what TensorFlow's distributed runtime costs, on loopback, in a network of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as engine from '@espalier/engine';
import { connect } from '@espalier/engine/cluster';
import * as tf from '@tensorflow/tfjs-core';
import type { Size } from './cluster-model.js';
import { examplesOf, type Problem, training } from './cluster-problem.js';
import {
  type ClusterResults,
  type ClusterRow,
  clusterTable,
  constantsTable,
  problems,
} from './cluster-results.js';
import { inTurns } from './in-turns.js';
import { median, spreadOf } from './numbers.js';
import { describeMachine, machineLine, writeJson } from './report.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '9' },
    ms: { type: 'string', default: '1000' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `pnpm bench cluster [options]

  --json FILE  write the figures to FILE
  --rounds N   how often each is measured, in turns (default 9)
  --ms N       how long each time (default 1000)
`;

const counts = [1, 2, 4];

/** Other programs' bytes must not be counted: this one runs again where there is nobody else. */
function inOwnNetwork(): boolean {
  if (process.env.ESPALIER_OWN_NETWORK === '1') return true;
  if (process.platform !== 'linux') return false;
  const script = 'ip link set lo up && exec "$0" "$@"';
  const ended = spawnSync('unshare', ['-n', 'sh', '-c', script, process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, ESPALIER_OWN_NETWORK: '1' },
  });
  if (ended.status === 0) process.exit(0);
  return false;
}

/** All bytes that loopback has carried, with the headers of IP and TCP. */
function bytesOnWire(): number {
  const line = /^\s*lo:\s*(\d+)/m.exec(readFileSync('/proc/net/dev', 'utf8'))?.[1];
  return Number(line);
}

/** How long the processors have worked for a process, ms. */
function cpuOf(pid: number): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11, 13);
  return 10 * (Number(user) + Number(system));
}

/** The processes of a cluster: each cluster has ports of its own. */
async function startCluster(problem: Problem, workers: number) {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-'));
  const file = join(folder, 'cluster.json');
  const address = (place: number) => `127.0.0.1:${39500 + 10 * workers + place}`;
  const worker = Array.from({ length: workers }, (_, index) => address(index + 2));
  writeFileSync(file, JSON.stringify({ cluster: { chief: [address(0)], ps: [address(1)], worker } }));
  const cli = fileURLToPath(new URL('./cli.js', import.meta.resolve('@espalier/engine')));
  const examples = fileURLToPath(new URL('./cluster-examples.js', import.meta.url));
  const tasks = ['ps:0', ...worker.map((_, index) => `worker:${index}`)];
  const running = tasks.map((task) => {
    const more = task.startsWith('worker') ? ['--examples', examples] : [];
    return spawn(process.execPath, [cli, 'serve', '--cluster', file, '--task', task, ...more], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, CLUSTER_PROBLEM: JSON.stringify(problem), TF_CPP_MIN_LOG_LEVEL: '3' },
    });
  });
  await Promise.all(running.map(({ stdout }) => once(stdout, 'data')));
  return {
    file,
    server: running[0]!.pid!,
    async stop() {
      for (const child of running) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true });
    },
  };
}

interface Contestant {
  readonly size: Size;
  /** How many workers there are; 0: without a cluster. */
  readonly workers: number;
  /** The processes of chief and parameter server. */
  readonly central: readonly number[];
  step(): Promise<void> | void;
  stop(): Promise<void> | void;
}

function local(problem: Problem): Contestant {
  const { step, size, dispose } = training(problem, undefined);
  const examples = { ...examplesOf(problem, problem.batch), share: tf.scalar(1) };
  return {
    size,
    workers: 0,
    central: [process.pid],
    step: () => void step(examples),
    stop() {
      dispose();
      tf.dispose(examples);
    },
  };
}

async function together(problem: Problem, workers: number): Promise<Contestant> {
  const { file, server, stop } = await startCluster(problem, workers);
  const cluster = await connect({ file });
  const { step, size, dispose } = training(problem, cluster);
  const requests = new Map(
    Array.from({ length: workers }, (_, worker) => [worker, [problem.batch / workers]]),
  );
  let turn = 0;
  // As `fit` does, workers read the next batch while they compute.
  const read = () => cluster.read(requests, ++turn % 2 === 0 ? 0 : 1);
  let next = read();
  return {
    size,
    workers,
    central: [process.pid, server],
    async step() {
      const batch = await next;
      next = read();
      const share = batch.perWorker(Array.from({ length: workers }, () => 1 / workers));
      const inputs = { ...batch.tensors, share };
      step(inputs);
      tf.dispose(inputs);
    },
    async stop() {
      dispose();
      cluster.close();
      // Sessions are closed in the background, and would wait for servers that are gone.
      await setTimeout(500);
      await stop();
    },
  };
}

/** Takes steps for so many ms: how long each took, what all sent, and how long chief and parameter server computed. */
async function stepsOf({ step, central }: Contestant, ms: number) {
  const times: number[] = [];
  const cpu = () => central.reduce((sum, pid) => sum + cpuOf(pid), 0);
  const before = { bytes: bytesOnWire(), cpu: cpu() };
  for (const end = performance.now() + ms; performance.now() < end; ) {
    const begun = performance.now();
    await step();
    times.push(performance.now() - begun);
  }
  return { times, bytes: bytesOnWire() - before.bytes, cpu: cpu() - before.cpu };
}

/** Here, and with 1, 2 and 4 workers, in turns: what else the machine does meets them all. */
async function measured(name: string, problem: Problem): Promise<ClusterRow[]> {
  const contestants = [local(problem)];
  for (const workers of counts) contestants.push(await together(problem, workers));
  try {
    const kept = contestants.map(() => [] as Awaited<ReturnType<typeof stepsOf>>[]);
    const turns = contestants.map((contestant, place) => {
      const turn = async (ms: number) => {
        const round = await stepsOf(contestant, ms);
        kept[place]!.push(round);
        return median(round.times);
      };
      return [String(contestant.workers), turn] as const;
    });
    const budget = { rounds: Number(options.rounds), ms: Number(options.ms) };
    const timings = await inTurns(Object.fromEntries(turns), budget);
    return contestants.map(({ size, workers }, place) => {
      const timing = timings[String(workers)]!;
      if ('error' in timing) throw new Error(`${name}, ${workers} workers: ${timing.error}`);
      const [, ...rounds] = kept[place]!;
      const times = rounds.flatMap((round) => round.times);
      const aStep = (of: 'bytes' | 'cpu') => rounds.reduce((sum, round) => sum + round[of], 0) / times.length;
      const row = {
        problem: name,
        size,
        workers,
        ms: timing.ms,
        spread: spreadOf(times),
        centralCpu: aStep('cpu'),
      };
      return workers === 0 ? row : { ...row, bytes: aStep('bytes') };
    });
  } finally {
    for (const { stop } of contestants) await stop();
  }
}

if (options.help) {
  process.stdout.write(usage);
  process.exit(0);
}
if (!inOwnNetwork()) {
  console.error('No network of its own (unshare -n, as root): bytes of other programs are counted too.');
}
await engine.use('native');
const rows: ClusterRow[] = [];
for (const [name, problem] of Object.entries(problems)) {
  process.stderr.write(`${name}\n`);
  rows.push(...(await measured(name, problem)));
}
const results: ClusterResults = { machine: describeMachine(), rows };
console.log([machineLine(results.machine), constantsTable(results), clusterTable(results)].join('\n\n'));
if (options.json !== undefined) writeJson(options.json, results);
process.exit(0);
