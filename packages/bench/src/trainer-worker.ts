/**
 * Trains the workload that its first argument names, as bare steps or by `fit` with everything on: waits for a line before
 * so many steps, and answers with their ms.
 */
import { mkdtempSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchMemory, disposeBatch } from '@espalier/core';
import * as engine from '@espalier/engine';
import { constant, fit, Training } from '@espalier/trainer';
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

const [name, side, turn, epochs] = process.argv.slice(2);
const workload = workloads[name as WorkloadName];
const stepsInTurn = Number(turn);
const steps = Number(epochs) * workload.steps;
const data = examples(workload, workload.steps * workload.batchSize);
const answer = (value: object) => writeSync(1, `${JSON.stringify(value)}\n`);

let began = 0;

/** Between two turns nothing of this process goes on, so this is no promise. */
function waitForTurn(): void {
  const line = Buffer.alloc(1024);
  if (readSync(0, line) === 0) process.exit(0);
  began = performance.now();
}

function afterStep(step: number): void {
  if (step % stepsInTurn !== 0) return;
  answer({ ms: performance.now() - began });
  if (step < steps) waitForTurn();
}

/** Batches in a loop, and the traced step. */
function bareSteps(): void {
  const { batchSize } = workload;
  const model = compose(workload);
  const training = new Training(model, rules);
  const memory = new BatchMemory();
  for (let step = 1; step <= steps; step++) {
    const first = (step - 1) * batchSize;
    const own = Array.from({ length: batchSize }, (_, place) => data.at((first + place) % data.length));
    const batch = model.batch(own, memory);
    training.step(batch, { learningRate: 1e-3, step, epoch: 1 });
    disposeBatch(batch);
    afterStep(step);
  }
}

async function everything(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { watcher } = await everyWatcher<TwoHeads>(folder, Object.keys(heads));
  await fit(compose(workload), {
    ...rules,
    data,
    epochs: Number(epochs),
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
