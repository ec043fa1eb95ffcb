/**
 * A training to be killed: `node training.mjs NAME FOLDER`. It goes on with what is in the folder. `stuck` does not come
 * to the end of its first epoch; with a third argument, a file, an example is read from it and it vanishes at step 7.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as engine from '@espalier/engine';
import { aggregators, sum, weightings } from '@espalier/losses';
import {
  adamW,
  byLoss,
  chain,
  clipByGlobalNorm,
  type FitOptions,
  fit,
  InterruptedError,
  mapData,
  sgd,
  warmupCosine,
} from '@espalier/trainer';
import { runFolder } from '../../src/checkpoints/run-folder.js';
import { stopOnInterrupt } from '../../src/interrupt.js';
import { compose, points, type SideHeads } from '../small-task.js';

const joint = { optimizer: adamW({ weightDecay: 0.01 }), averageWeights: 0.9 };
const trainings: Readonly<Record<string, Partial<FitOptions<SideHeads>>>> = {
  joint,
  weighted: { weighting: weightings.famo(), sampler: byLoss() },
  aggregated: {
    aggregator: aggregators.pcGrad({ order: 'random' }),
    optimizer: chain(clipByGlobalNorm(1), sgd({ momentum: 0.9, nesterov: true })),
  },
  stuck: {
    ...joint,
    onEpoch() {
      process.stdout.write('!');
      return new Promise(() => setInterval(() => undefined, 1000));
    },
  },
};

const [name, folder, file] = process.argv.slice(2);
await engine.use('cpu');
// Large enough that writing a checkpoint takes about as long as the two steps before it.
const model = compose(1, 0.3, 3_000);
const known = points(64, 1, (index) => index % 3 > 0);
const data = mapData(known, (example) => {
  if (file !== undefined) readFileSync(file);
  return example;
});
const { signal, dispose } = stopOnInterrupt();
try {
  await fit(model, {
    data,
    epochs: 6,
    batchSize: 16,
    optimizer: adamW(),
    schedule: warmupCosine(0.01),
    weighting: sum(),
    seed: 5,
    ...trainings[name],
    run: runFolder(folder, { resume: existsSync(join(folder, 'metrics.jsonl')), everySteps: 2 }),
    signal,
    onStep({ step }) {
      // The parent begins to count down.
      process.stdout.write('.');
      if (step === 7 && file !== undefined) rmSync(file);
    },
  });
} catch (error) {
  console.error(String(error));
  process.exitCode = error instanceof InterruptedError ? 130 : 1;
} finally {
  dispose();
}
