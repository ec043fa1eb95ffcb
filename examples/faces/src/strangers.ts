import { parseArgs } from 'node:util';
import * as engine from '@espalier/engine';
import { engineOf } from '@espalier/example-kit';
import { sum } from '@espalier/losses';
import { fit } from '@espalier/trainer';
import { consoleProgress } from '@espalier/trainer/node';
import { drawings } from './drawings.js';
import { compose, type FaceHeads, headsFor } from './network.js';
import { openSet } from './open-set.js';
import { photographsWithStrangers } from './photographs.js';
import { BATCH_SIZE, EPOCHS, optimizer, schedule } from './settings.js';

/** Trains a network, and lets people come whom it has not seen: of the photographs it learns two thirds of the people. */
const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'native' },
    set: { type: 'string', default: 'photographs' },
    seed: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
  },
});
await engine.use(engineOf(values.engine));
const seed = Number(values.seed);
const faces =
  values.set === 'drawings'
    ? drawings(seed, values.quick)
    : await photographsWithStrangers(seed, values.quick);
const { people, expressions, train, others } = faces;
if (!others) throw new Error('There are no strangers in this set.');
const model = compose(headsFor(people, expressions), seed);
const watcher = consoleProgress<FaceHeads>('strangers');
await fit(model, {
  data: train,
  epochs: values.quick ? 1 : EPOCHS,
  batchSize: BATCH_SIZE,
  optimizer,
  schedule,
  weighting: sum(),
  seed,
  onStep: (record) => watcher.step(record),
});
watcher.end();
console.log(
  `${people.length} people, ${others.outsiders.length} faces to choose by, ${others.strangers.length} of strangers`,
);
console.log(await openSet(model, { ...faces, others }));
model.dispose();
