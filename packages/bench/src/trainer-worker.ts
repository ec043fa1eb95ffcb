/**
 * Trains the workload that its first argument names, as bare steps or by `fit` with everything on: waits for a line before
 * so many steps, and answers with their ms.
 */
import { mkdtempSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchMemory, disposeBatch } from '@espalier/core';
import * as engine from '@espalier/engine';
import { constant, fit, shuffled, Training } from '@espalier/trainer';
import { runFolder } from '@espalier/trainer/node';
import * as tfl from '@tensorflow/tfjs-layers';
import { everyWatcher } from './every-watcher.js';
import {
  compose,
  examples,
  heads,
  rules,
  type TwoHeads,
  type WorkloadName,
  workloads,
} from './trainer-workload.js';

const [name, side, ...counts] = process.argv.slice(2);
const [stepsInTurn = 1, epochs = 1] = counts.map(Number);
const workload = workloads[name as WorkloadName];
const steps = epochs * workload.steps;
const data = examples(workload, workload.steps * workload.batchSize);
const answer = (value: object) => writeSync(1, `${JSON.stringify(value)}\n`);

let began = 0;
/** How long others have had their turns. */
let away = 0;
const clock = performance.now.bind(performance);
// Others have their turns in no time, or what watchers do once a second would be done twice as often.
performance.now = () => clock() - away;

/** Between two turns nothing of this process goes on, so this is no promise. */
function waitForTurn(): void {
  const ended = clock();
  const line = Buffer.alloc(1024);
  if (readSync(0, line) === 0) process.exit(0);
  away += clock() - ended;
  began = performance.now();
}

function afterStep(step: number): void {
  if (step % stepsInTurn !== 0) return;
  answer({ ms: performance.now() - began });
  if (step < steps) waitForTurn();
}

/** Batches in a loop, those that `fit` makes, and the traced step. */
function bareSteps(): void {
  const model = compose(workload);
  const training = new Training(model, rules);
  const memory = new BatchMemory();
  const batches = batchesOfFit();
  for (let step = 1; step <= steps; step++) {
    const own = Array.from(batches[step - 1]!, (index) => data.at(index));
    const batch = model.batch(own, memory);
    training.step(batch, { learningRate: 1e-3, step, epoch: 1 });
    disposeBatch(batch);
    afterStep(step);
  }
}

/** Which examples: the sampler's, drawn beforehand. */
function batchesOfFit(): Int32Array[] {
  const { batchSize, steps: stepsPerEpoch } = workload;
  const tasks = Object.keys(heads) as (keyof TwoHeads)[];
  const sampling = shuffled<TwoHeads>().start(data, {
    tasks,
    batchSize,
    stepsPerEpoch,
    epochs,
    seed: rules.seed,
  });
  return Array.from({ length: steps }, () => Int32Array.from(sampling.next(), ({ index }) => index));
}

async function everything(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { watcher } = await everyWatcher<TwoHeads>(folder, Object.keys(heads));
  await fit(compose(workload), {
    ...rules,
    data,
    epochs,
    batchSize: workload.batchSize,
    schedule: constant(1e-3),
    run: runFolder(join(folder, 'run')),
    onStep(record) {
      watcher.step(record);
      afterStep(record.step);
    },
  });
}

await engine.use('native');
answer({ versions: { 'tfjs-layers': tfl.version_layers } });
waitForTurn();
if (side === 'bare') bareSteps();
else await everything();
process.exit(0);
