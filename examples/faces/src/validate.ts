import { validate } from '@espalier/example-kit';
import { sum } from '@espalier/losses';
import { compose, headsFor } from './network.js';
import { validationPhotographs } from './photographs.js';
import { BATCH_SIZE, EPOCHS, optimizer, schedule } from './settings.js';

const recipe = { epochs: EPOCHS, batchSize: BATCH_SIZE, optimizer, schedule, weighting: sum() };

/** Trains on four fifths of the photographs to train on, and measures the rest. */
await validate(recipe, async (seed) => {
  const { people, expressions, train, test } = await validationPhotographs(seed);
  return {
    model: compose(headsFor(people, expressions), seed),
    train,
    validation: test,
    described: `${test.length} pictures held out`,
  };
});
