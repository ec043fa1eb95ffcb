import { parseArgs } from 'node:util';
import * as engine from '@espalier/engine';
import { sum } from '@espalier/losses';
import { evaluate, fit } from '@espalier/trainer';
import { consoleProgress } from '@espalier/trainer/node';
import { compose, headsFor } from './network.js';
import { validationPhotographs } from './photographs.js';
import { BATCH_SIZE, EPOCHS, optimizer, schedule } from './settings.js';

/** Trains on four fifths of the photographs to train on, and measures the rest: settings are chosen by this. */
const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'native' },
    epochs: { type: 'string', default: `${EPOCHS}` },
    seed: { type: 'string', default: '1' },
  },
});
await engine.use(values.engine === 'native' ? 'native' : 'auto');
const seed = Number(values.seed);
const { people, expressions, train, test } = await validationPhotographs(seed);
const model = compose(headsFor(people, expressions), seed);
const watcher = consoleProgress('validation');
const started = performance.now();
await fit(model, {
  data: train,
  epochs: Number(values.epochs),
  batchSize: BATCH_SIZE,
  optimizer,
  schedule,
  weighting: sum(),
  seed,
  onStep: (record) => watcher.step(record),
});
watcher.end();
console.log(`${test.length} pictures held out, ${((performance.now() - started) / 1000).toFixed(0)} s`);
console.log(await evaluate(model, test, { batchSize: BATCH_SIZE }));
model.dispose();
