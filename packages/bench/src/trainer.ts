/** `pnpm bench trainer`: what watching, keeping and going on cost beside bare traced steps. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { disposeBatch, type Heads, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import * as engine from '@espalier/engine';
import { sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import {
  adamW,
  constant,
  type DataOf,
  earlyStopping,
  fit,
  InterruptedError,
  judgedTasks,
  type RunStore,
  Training,
  type Watcher,
  watchAll,
} from '@espalier/trainer';
import { consoleProgress, dashboard, runFolder, tensorBoard } from '@espalier/trainer/node';
import { classification } from '@espalier/vision-heads';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { median, normals, type Pair, ratioOfTotals } from './numbers.js';
import { describeMachine, machineLine, markdownTable, writeJson } from './report.js';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    epochs: { type: 'string', default: '12' },
    steps: { type: 'string', default: '10000' },
    only: { type: 'string', default: 'epoch,checkpoint,memory' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `pnpm bench trainer [options]

  --json FILE  write the figures to FILE
  --epochs N   how many epochs of each, ten steps in turn (default 12)
  --steps N    over how many steps memory is watched (default 10000)
  --only LIST  of epoch, checkpoint, memory (default all)
`;

const classes = Array.from({ length: 10 }, (_, index) => String(index));
const heads = { first: classification({ classes }), second: classification({ classes }) };
type TwoHeads = typeof heads;

interface Workload {
  readonly name: string;
  readonly inputShape: readonly number[];
  readonly trunk: () => tfl.layers.Layer[];
  readonly batchSize: number;
  readonly steps: number;
}

/** The steps of `pnpm bench engine` of the same names, for an epoch of some seconds. */
const workloads: readonly Workload[] = [
  {
    name: 'mlp',
    inputShape: [784],
    trunk: () => [512, 512].map((units) => tfl.layers.dense({ units, activation: 'relu' })),
    batchSize: 128,
    steps: 300,
  },
  {
    name: 'cnn',
    inputShape: [32, 32, 3],
    trunk: () => [
      ...[32, 64, 128].flatMap((filters) => [
        tfl.layers.conv2d({ filters, kernelSize: 3, padding: 'same', useBias: false }),
        tfl.layers.batchNormalization(),
        tfl.layers.reLU(),
        tfl.layers.maxPooling2d({ poolSize: 2 }),
      ]),
      tfl.layers.globalAveragePooling2d({}),
    ],
    batchSize: 32,
    steps: 100,
  },
];

function compose({ inputShape, trunk }: Workload): MultiTaskModel<TwoHeads> {
  return multiTaskModel({ inputShape: [...inputShape], trunk, sharing: hardSharing(), heads, seed: 1 });
}

/** Examples that are there already, so that nothing but the trainer is measured. */
function examples({ inputShape }: Workload, count: number): DataOf<TwoHeads> {
  const normal = normals(1);
  const size = inputShape.reduce((product, length) => product * length, 1);
  const known = Array.from({ length: Math.min(count, 512) }, (_, index) => ({
    input: Float32Array.from({ length: size }, normal),
    labels: { first: index % 10, second: index % 7 },
  }));
  return { length: count, at: (index) => known[index % known.length]! };
}

/** Short enough for what else the machine does to meet both sides. */
const STEPS_IN_TURN = 10;

const rules = { optimizer: adamW(), weighting: sum(), seed: 1 };

/** Batches in a loop, and the traced step: ms of so many. */
function bareSteps({ batchSize }: Workload, model: MultiTaskModel<TwoHeads>, data: DataOf<TwoHeads>) {
  const training = new Training(model, rules);
  let done = 0;
  const run = (steps: number) => {
    const start = performance.now();
    for (let step = 0; step < steps; step++) {
      const first = done++ * batchSize;
      const own = Array.from({ length: batchSize }, (_, place) => data.at((first + place) % data.length));
      const batch = model.batch(own);
      training.step(batch, { learningRate: 1e-3, step: done, epoch: 1 });
      disposeBatch(batch);
    }
    return performance.now() - start;
  };
  return { run, end: () => training.dispose() };
}

/** Everything that can be told how a training goes, with a page that is open. */
async function everyWatcher<H extends Heads>(folder: string, tasks: readonly string[]) {
  const page = await dashboard({ title: 'bench' });
  const stream = new URL(page.url);
  stream.pathname = '/events';
  const listening = get(stream, (response) => response.resume());
  listening.on('error', () => undefined);
  const watcher: Watcher<H> = watchAll<H>(
    consoleProgress('bench'),
    tensorBoard(join(folder, 'tensorboard')),
    page.watch<H>('bench'),
  );
  watcher.begin?.(tasks);
  const end = async () => {
    watcher.end();
    listening.destroy();
    await page.close();
  };
  return { watcher, end };
}

/** What everything costs: so many steps of `fit` with all of it on and as many bare ones, in turns. */
async function epochCosts(workload: Workload, epochs: number) {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-'));
  const data = examples(workload, workload.steps * workload.batchSize);
  const [own, model] = [compose(workload), compose(workload)];
  const bare = bareSteps(workload, own, data);
  bare.run(STEPS_IN_TURN);
  const { watcher, end } = await everyWatcher<TwoHeads>(folder, Object.keys(heads));
  const pairs: Pair[] = [];
  let began = performance.now();
  await fit(model, {
    ...rules,
    data,
    epochs: epochs + 1,
    batchSize: workload.batchSize,
    schedule: constant(1e-3),
    run: runFolder(join(folder, 'run')),
    onStep(record) {
      watcher.step(record);
      if (record.step % STEPS_IN_TURN !== 1) return;
      const all = performance.now() - began;
      const beside = bare.run(STEPS_IN_TURN);
      // In the first epoch a graph is made.
      if (record.epoch > 1) pairs.push([all, beside]);
      began = performance.now();
    },
  });
  await end();
  bare.end();
  own.dispose();
  model.dispose();
  rmSync(folder, { recursive: true });
  const [all, bareStep] = [0, 1].map((side) => median(pairs.map((pair) => pair[side]!)) / STEPS_IN_TURN);
  return {
    name: workload.name,
    steps: workload.steps,
    epochs,
    bare: bareStep!,
    all: all!,
    ...ratioOfTotals(pairs),
  };
}

/** How long a checkpoint of 25 million parameters, with Adam's memory of them, stops training, and resuming takes. */
async function checkpointCosts() {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-'));
  const workload: Workload = {
    name: '25M',
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
    name: 'small',
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
    for (const workload of workloads) rows.push(await epochCosts(workload, Number(options.epochs)));
    figures.epochs = rows;
    console.log(
      `\n${options.epochs} epochs, ${STEPS_IN_TURN} steps of each side in turn. Bare: batches in a loop, and the traced step. All: ` +
        '`fit` with its sampler, a checkpoint an epoch, `metrics.jsonl`, console, event files, and a live page that is ' +
        'open. The interval is that of 95 of 100 resamplings of the turns.\n',
    );
    console.log(
      markdownTable(
        ['epoch', 'steps', 'bare, ms a step', 'all', 'cost, %', 'interval'],
        rows.map(({ name, steps, bare, all, ratio, low, high }) => {
          const cost = [ratio, low, high].map((value) => (100 * (value - 1)).toFixed(1));
          return [name, String(steps), bare.toFixed(2), all.toFixed(2), cost[0]!, `${cost[1]} to ${cost[2]}`];
        }),
      ),
    );
    for (const { name, ratio } of rows) {
      const cost = 100 * (ratio - 1);
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
