/** Runs training steps on the engine that its argument names: a line of JSON in, a line of JSON out. */
import { createInterface } from 'node:readline';
import * as engine from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { measureConvolutions } from './convolutions.js';
import { type StepName, steps, type TrainingStep } from './engine-steps.js';
import { repeat } from './in-turns.js';

const [name = ''] = process.argv.slice(2);
const answer = (value: object) => console.log(JSON.stringify(value));
const since = (start: number) => performance.now() - start;

const ready = new Map<string, { run: TrainingStep; first: number }>();

/** Tracing is part of the first call. */
function prepare(step: StepName) {
  const known = ready.get(step);
  if (known !== undefined) return known;
  const pair = steps[step]();
  const start = performance.now();
  const run = name === 'tfjs-node' ? pair.stock() : pair.espalier();
  run();
  const prepared = { run, first: since(start) };
  ready.set(step, prepared);
  return prepared;
}

function measure(step: StepName, ms: number) {
  const { run, first } = prepare(step);
  return { ms: repeat(run, ms), first };
}

/** Tensors and resident bytes after 500 steps and after `count`. */
function remember(step: StepName, count: number) {
  const { run } = prepare(step);
  const state = () => {
    globalThis.gc?.();
    return { tensors: tf.memory().numTensors, resident: process.memoryUsage.rss() };
  };
  for (let index = 0; index < 500; index++) run();
  const early = state();
  for (let index = 500; index < count; index++) run();
  return { early, late: state() };
}

/** A call that computes nothing, with ten inputs: what JavaScript does around a step. */
function around(ms: number) {
  const inputs = Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [`x${index}`, tf.scalar(index)]),
  );
  const program = engine.program({
    state: [],
    entries: { nothing: ({ x0 }: Readonly<Record<string, tf.Tensor>>) => ({ y: x0! }) },
  });
  const measured = repeat(() => tf.tidy(() => void program.entries.nothing(inputs).y.dataSync()), ms);
  program.dispose();
  return { ms: measured };
}

interface Request {
  readonly step: StepName;
  readonly ms: number;
  readonly remember?: number;
  readonly around?: boolean;
  /** Rounds of every convolution. */
  readonly convolutions?: number;
}

async function respond({ step, ms, remember: count, around: empty, convolutions }: Request): Promise<object> {
  if (convolutions !== undefined) return { rows: await measureConvolutions(convolutions, ms) };
  if (empty === true) return around(ms);
  return count === undefined ? measure(step, ms) : remember(step, count);
}

const stockGradients = [tf.Sum, tf.Mean, tf.Tile, tf.Relu, tf.Tanh, tf.ClipByValue].map((kernel) =>
  tf.getGradient(kernel),
);
await engine.use(name === 'wasm' || name === 'cpu' ? name : 'native');
if (name === 'tfjs-node') stockGradients.forEach(tf.registerGradient);
answer({ versions: { 'tfjs-layers': tfl.version_layers } });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    answer(await respond(JSON.parse(line)));
  } catch (error) {
    answer({ error: (error as Error).message });
  }
}
