/** `pnpm bench cluster`: what TensorFlow's distributed runtime costs, on loopback, in a network of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as engine from '@espalier/engine';
import { connect } from '@espalier/engine/cluster';
import * as tf from '@tensorflow/tfjs-core';
import { examplesOf, type Problem, training } from './cluster-problem.js';
import { median } from './numbers.js';
import { describeMachine, machineLine, markdownTable, writeJson } from './report.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    steps: { type: 'string', default: '40' },
    workers: { type: 'string', default: '1,2,4' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `pnpm bench cluster [options]

  --json FILE      write the figures to FILE
  --steps N        how many steps of each are timed (default 40)
  --workers 1,2,4  for how many workers
`;

const problems: Readonly<Record<string, Problem>> = {
  'convolutions, 32 examples': { kind: 'convolutions', width: 32, batch: 32 },
  'dense layers, 512 examples': { kind: 'dense', width: 512, batch: 512 },
};

interface Row {
  readonly problem: string;
  readonly parameters: number;
  /** 0: without a cluster. */
  readonly workers: number;
  /** Of a step: the median. */
  readonly ms: number;
  /** On the wire, of a step. */
  readonly bytes?: number;
}

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

async function startCluster(problem: Problem, workers: number) {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-'));
  const file = join(folder, 'cluster.json');
  const address = (place: number) => `127.0.0.1:${39500 + place}`;
  const worker = Array.from({ length: workers }, (_, index) => address(index + 2));
  writeFileSync(file, JSON.stringify({ cluster: { chief: [address(0)], ps: [address(1)], worker } }));
  const cli = fileURLToPath(new URL('./cli.js', import.meta.resolve('@espalier/engine')));
  const examples = fileURLToPath(new URL('./cluster-examples.js', import.meta.url));
  const running: ChildProcess[] = [];
  for (const task of ['ps:0', ...worker.map((_, index) => `worker:${index}`)]) {
    const more = task.startsWith('worker') ? ['--examples', examples] : [];
    const child = spawn(process.execPath, [cli, 'serve', '--cluster', file, '--task', task, ...more], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, CLUSTER_PROBLEM: JSON.stringify(problem), TF_CPP_MIN_LOG_LEVEL: '3' },
    });
    running.push(child);
    await once(child.stdout!, 'data');
  }
  return {
    file,
    async stop() {
      for (const child of running) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true });
    },
  };
}

/** Times steps after a few that trace and warm up. */
async function timed(step: () => Promise<void> | void): Promise<{ ms: number; bytes: number }> {
  for (let count = 0; count < 5; count++) await step();
  const before = bytesOnWire();
  const times: number[] = [];
  for (let count = 0; count < Number(options.steps); count++) {
    const begun = performance.now();
    await step();
    times.push(performance.now() - begun);
  }
  return { ms: median(times), bytes: (bytesOnWire() - before) / times.length };
}

async function local(name: string, problem: Problem): Promise<Row> {
  const { step, parameters, dispose } = training(problem, undefined);
  const examples = { ...examplesOf(problem, problem.batch), share: tf.scalar(1) };
  const { ms } = await timed(() => void step(examples));
  dispose();
  tf.dispose(examples);
  return { problem: name, parameters, workers: 0, ms };
}

async function together(name: string, problem: Problem, workers: number): Promise<Row> {
  const { file, stop } = await startCluster(problem, workers);
  try {
    const cluster = await connect({ file });
    const { step, parameters, dispose } = training(problem, cluster);
    const requests = Array.from({ length: workers }, () => [problem.batch / workers]);
    const found = await timed(async () => {
      const { tensors, perWorker } = await cluster.read(requests);
      const inputs = { ...tensors, share: perWorker(requests.map(() => 1 / workers)) };
      step(inputs);
      tf.dispose(inputs);
    });
    dispose();
    cluster.close();
    return { problem: name, parameters, workers, ...found };
  } finally {
    await stop();
  }
}

/** Down: the weights. Up: their gradients. */
const modelBytes = (parameters: number, workers: number) => workers * 2 * 4 * parameters;

if (options.help) {
  process.stdout.write(usage);
  process.exit(0);
}
if (!inOwnNetwork()) {
  console.error('No network of its own (unshare -n, as root): bytes of other programs are counted too.');
}
await engine.use('native');
const rows: Row[] = [];
for (const [name, problem] of Object.entries(problems)) {
  rows.push(await local(name, problem));
  for (const workers of options.workers.split(',')) rows.push(await together(name, problem, Number(workers)));
}
const alone = (row: Row) => rows.find(({ problem, workers }) => problem === row.problem && workers === 0)!;
console.log(machineLine(describeMachine()));
console.log(
  markdownTable(
    ['training step', 'weights', 'workers', 'ms', '/ local', 'MB on the wire', '/ model'],
    rows.map((row) => [
      row.problem,
      String(row.parameters),
      row.workers === 0 ? 'local' : String(row.workers),
      row.ms.toFixed(1),
      (row.ms / alone(row).ms).toFixed(2),
      row.bytes === undefined ? '' : (row.bytes / 1e6).toFixed(3),
      row.bytes === undefined ? '' : (row.bytes / modelBytes(row.parameters, row.workers)).toFixed(3),
    ]),
  ),
);
if (options.json !== undefined) writeJson(options.json, { machine: describeMachine(), rows });
process.exit(0);
