/** `pnpm bench trainer`: what watching, keeping and going on cost beside bare traced steps. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as engine from '@espalier/engine';
import {
  constant,
  type DataOf,
  earlyStopping,
  fit,
  InterruptedError,
  judgedTasks,
  type RunStore,
} from '@espalier/trainer';
import { runFolder } from '@espalier/trainer/node';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { everyWatcher } from './every-watcher.js';
import { median } from './numbers.js';
import { startPeer } from './peer.js';
import { describeMachine, machineLine, markdownTable, writeJson } from './report.js';
import {
  compose,
  examples,
  heads,
  rules,
  type TwoHeads,
  type Workload,
  type WorkloadName,
  workloads,
} from './trainer-workload.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    starts: { type: 'string', default: '6' },
    epochs: { type: 'string', default: '3' },
    steps: { type: 'string', default: '10000' },
    only: { type: 'string', default: 'epoch,checkpoint,memory' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `pnpm bench trainer [options]

  --json FILE  write the figures to FILE
  --starts N   in how many processes the epochs of each side are (default 6)
  --epochs N   how many epochs of each process (default 3)
  --steps N    over how many steps memory is watched (default 10000)
  --only LIST  of epoch, checkpoint, memory (default all)
`;

/** How long steps took with everything on, and bare ones. */
type Pair = readonly [all: number, bare: number];

/**
 * In how many turns an epoch is: short ones, for what else the machine does to meet both sides, but each begins with the
 * processor's caches as the other side has left them, which an epoch that goes on does not.
 */
const TURNS = 10;

/**
 * What everything costs: so many steps of `fit` with all of it on and as many bare ones, in turns, each in a process of its
 * own. A process may be faster than another one of the same program, so there are several of each.
 */
async function epochCosts(name: WorkloadName, starts: number, epochs: number) {
  const pairs: Pair[][] = [];
  for (let start = 0; start < starts; start++) {
    pairs.push(await inTwoProcesses(name, start % 2 === 0 ? 'all' : 'bare', epochs));
  }
  const all = pairs.flat();
  const { steps } = workloads[name];
  const stepOf = (side: 0 | 1) => (median(all.map((pair) => pair[side])) * TURNS) / steps;
  const cost = (own: readonly Pair[]) => {
    const [ofAll, ofBare] = [0, 1].map((side) => own.reduce((sum, pair) => sum + pair[side]!, 0));
    return 100 * (ofAll! / ofBare! - 1);
  };
  return {
    name,
    starts,
    epochs,
    steps,
    bare: stepOf(1),
    all: stepOf(0),
    cost: cost(all),
    costs: pairs.map(cost).sort((a, b) => a - b),
  };
}

async function inTwoProcesses(name: WorkloadName, first: 'all' | 'bare', epochs: number): Promise<Pair[]> {
  const worker = fileURLToPath(new URL('./trainer-worker.js', import.meta.url));
  const start = (side: 'bare' | 'all') =>
    startPeer(process.execPath, [
      worker,
      name,
      side,
      String(workloads[name].steps / TURNS),
      String(epochs + 2),
    ]);
  const one = await start(first);
  const other = await start(first === 'all' ? 'bare' : 'all');
  const [all, bare] = first === 'all' ? [one, other] : [other, one];
  // In the first epoch the step's graph is made, and in the turn after it the checkpoint's: a turn of one epoch more.
  const warmUp = TURNS + 1;
  const pairs: Pair[] = [];
  for (let turn = 0; turn < warmUp + TURNS * epochs; turn++) {
    pairs.push([Number((await all.ask({})).ms), Number((await bare.ask({})).ms)]);
  }
  all.stop();
  bare.stop();
  return pairs.slice(warmUp);
}

/** How long a checkpoint of 25 million parameters, with Adam's memory of them, stops training, and resuming takes. */
async function checkpointCosts() {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-'));
  const workload: Workload = {
    inputShape: [784],
    trunk: () => [4096, 4096, 1200].map((units) => tfl.layers.dense({ units, activation: 'relu' })),
    batchSize: 8,
    steps: 24,
  };
  const stops: number[] = [];
  let stepped = 0;
  let firstBatch = 0;
  const known = examples(workload, workload.steps * workload.batchSize);
  const data: DataOf<TwoHeads> = {
    ...known,
    at(index) {
      if (firstBatch === 0) firstBatch = performance.now();
      if (stepped > 0) stops.push(performance.now() - stepped);
      stepped = 0;
      return known.at(index);
    },
  };
  const train = async (resume: boolean, stopAfter: number) => {
    const model = compose(workload);
    const run: RunStore = runFolder(join(folder, 'run'), { resume, everySteps: 12 });
    firstBatch = 0;
    const began = performance.now();
    const stop = new AbortController();
    await fit(model, {
      ...rules,
      data,
      epochs: 1,
      batchSize: workload.batchSize,
      schedule: constant(1e-4),
      run,
      signal: stop.signal,
      onStep({ step }) {
        if (step === stopAfter) stop.abort();
        if (step === 12) stepped = performance.now();
      },
    }).catch((error: unknown) => {
      if (!(error instanceof InterruptedError)) throw error;
    });
    const parameters = model.countParams();
    model.dispose();
    return { parameters, untilFirst: firstBatch - began };
  };
  const { parameters } = await train(false, 18);
  const file = readdirSync(join(folder, 'run')).find((name) => name.endsWith('18.safetensors'))!;
  const start = performance.now();
  const bytes = readFileSync(join(folder, 'run', file)).length;
  const reading = performance.now() - start;
  stepped = 0;
  const measured = [...stops];
  const { untilFirst } = await train(true, 20);
  rmSync(folder, { recursive: true });
  return { parameters, bytes, stops: measured, reading, resuming: untilFirst - reading };
}

/** Tensors and resident memory over many steps with everything on. */
async function memoryOver(steps: number) {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-'));
  const workload: Workload = {
    inputShape: [16],
    trunk: () => [tfl.layers.dense({ units: 32, activation: 'relu' }), tfl.layers.dropout({ rate: 0.1 })],
    batchSize: 32,
    steps: 500,
  };
  const model = compose(workload);
  const { watcher, end } = await everyWatcher<TwoHeads>(folder, Object.keys(heads));
  const heldOut = examples(workload, 320);
  const states: { step: number; tensors: number; megabytes: number }[] = [];
  await fit(model, {
    ...rules,
    data: examples(workload, workload.steps * workload.batchSize),
    epochs: steps / workload.steps,
    batchSize: workload.batchSize,
    schedule: constant(1e-3),
    averageWeights: 0.99,
    validation: {
      data: heldOut,
      judge: earlyStopping<TwoHeads>(judgedTasks(model), { by: 'all', patience: steps }),
    },
    run: runFolder(join(folder, 'run'), { everySteps: 100 }),
    onStep(record) {
      watcher.step(record);
      if (record.step % 1000 !== 0) return;
      globalThis.gc?.();
      const megabytes = process.memoryUsage.rss() / 2 ** 20;
      states.push({ step: record.step, tensors: tf.memory().numTensors, megabytes });
    },
    onEpoch({ step, evaluation }) {
      watcher.metrics?.(step, evaluation!);
      watcher.examples?.('<p>examples</p>');
    },
  });
  await end();
  model.dispose();
  rmSync(folder, { recursive: true });
  return states;
}

async function run(): Promise<void> {
  await engine.use('native');
  const asked = options.only.split(',');
  const machine = { ...describeMachine(), 'tfjs-layers': tfl.version_layers };
  console.log(`# The trainer\n\n${machineLine(machine)}`);
  const figures: Record<string, unknown> = { machine };
  const limits: [string, string, string, boolean][] = [];
  if (asked.includes('epoch')) {
    const rows = [];
    for (const name of ['mlp', 'cnn'] as const)
      rows.push(await epochCosts(name, Number(options.starts), Number(options.epochs)));
    figures.epochs = rows;
    console.log(
      `\n${options.starts} processes of each side, ${options.epochs} epochs each, each in ${TURNS} turns, after one epoch ` +
        'and its checkpoint, in which graphs are made. Bare: the same batches in a loop, and the traced step. All: `fit` ' +
        'with its sampler, a checkpoint an epoch, `metrics.jsonl`, console, event files, and a live page that is open.\n',
    );
    console.log(
      markdownTable(
        ['epoch', 'steps', 'bare, ms a step', 'all', 'cost, %', 'by process, %'],
        rows.map(({ name, steps, bare, all, cost, costs }) => [
          name,
          String(steps),
          bare.toFixed(2),
          all.toFixed(2),
          cost.toFixed(1),
          costs.map((own) => own.toFixed(1)).join(', '),
        ]),
      ),
    );
    for (const { name, cost } of rows) {
      limits.push([`${name}: everything on, % of an epoch`, cost.toFixed(1), '≤ 3', cost <= 3]);
    }
  }
  if (asked.includes('checkpoint')) {
    const found = await checkpointCosts();
    figures.checkpoint = found;
    const longest = Math.max(...found.stops) / 1000;
    console.log(
      `\nA checkpoint of ${(found.parameters / 1e6).toFixed(1)} million parameters with Adam's memory: ` +
        `${(found.bytes / 2 ** 20).toFixed(0)} MB, read in ${(found.reading / 1000).toFixed(2)} s.`,
    );
    limits.push(['a checkpoint stops training, s', longest.toFixed(2), '≤ 0.3', longest <= 0.3]);
    const resuming = found.resuming / 1000;
    limits.push(['resuming without reading, s', resuming.toFixed(2), '≤ 2', resuming <= 2]);
  }
  if (asked.includes('memory')) {
    const states = await memoryOver(Number(options.steps));
    figures.memory = states;
    const [early, late] = [states[1] ?? states[0]!, states.at(-1)!];
    const growth = 100 * (late.megabytes / early.megabytes - 1);
    console.log(
      `\nWith every callback on: ${late.tensors} tensors and ${late.megabytes.toFixed(0)} MB resident after ${late.step} steps, ` +
        `${early.tensors} and ${early.megabytes.toFixed(0)} MB after ${early.step}.`,
    );
    const leaked = late.tensors - early.tensors;
    limits.push(['tensors leaked', String(leaked), '= 0', leaked === 0]);
    limits.push(['resident memory grows, %', growth.toFixed(1), '≤ 2', growth <= 2]);
  }
  console.log(
    `\n${markdownTable(
      ['figure', 'found', 'must', ''],
      limits.map(([what, found, must, holds]) => [what, found, must, holds ? 'yes' : 'NO']),
    )}`,
  );
  figures.limits = limits.map(([what, found, must]) => ({ what, found: Number(found), must }));
  if (options.json !== undefined) writeJson(options.json, figures);
}

if (options.help) console.log(usage);
else await run();
