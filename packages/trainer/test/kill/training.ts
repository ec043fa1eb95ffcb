/** A training to be killed: `node training.mjs NAME FOLDER`. It goes on with what is in the folder. */
import { existsSync } from 'node:fs';
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
  sgd,
  warmupCosine,
} from '@espalier/trainer';
import { runFolder } from '../../src/checkpoints/run-folder.js';
import { compose, points, type SideHeads } from '../small-task.js';

const trainings: Readonly<Record<string, Partial<FitOptions<SideHeads>>>> = {
  joint: { optimizer: adamW({ weightDecay: 0.01 }), averageWeights: 0.9 },
  weighted: { weighting: weightings.famo(), sampler: byLoss() },
  aggregated: {
    aggregator: aggregators.pcGrad({ order: 'random' }),
    optimizer: chain(clipByGlobalNorm(1), sgd({ momentum: 0.9, nesterov: true })),
  },
};

const [name, folder] = process.argv.slice(2);
await engine.use('cpu');
// Large enough that writing a checkpoint takes about as long as the two steps before it.
const model = compose(1, 0.3, 3_000);
await fit(model, {
  data: points(64, 1, (index) => index % 3 > 0),
  epochs: 6,
  batchSize: 16,
  optimizer: adamW(),
  schedule: warmupCosine(0.01),
  weighting: sum(),
  seed: 5,
  ...trainings[name],
  run: runFolder(folder, { resume: existsSync(join(folder, 'metrics.jsonl')), everySteps: 2 }),
  // The parent begins to count down.
  onStep: () => void process.stdout.write('.'),
});
