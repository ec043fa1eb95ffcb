import { validate } from '@espalier/example-kit';
import { testData, trainingData } from './data.js';
import { compose, heads } from './network.js';
import { validationSamples } from './pictures.js';
import { EPOCHS, recipe } from './settings.js';

/** Trains on four fifths of the fields to train on, and measures the rest. */
await validate({ ...recipe, epochs: EPOCHS }, async (seed) => {
  const { train, validation } = await validationSamples();
  return {
    model: compose(heads, seed),
    train: trainingData(train, seed),
    validation: testData(validation),
    described: `${train.length} pictures`,
  };
});
