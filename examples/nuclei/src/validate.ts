import { validate } from '@espalier/example-kit';
import { sum } from '@espalier/losses';
import { testData, trainingData } from './data.js';
import { compose, heads } from './network.js';
import { validationSamples } from './pictures.js';
import { averageWeights, BATCH_SIZE, EPOCHS, optimizer, schedule } from './settings.js';

const recipe = {
  epochs: EPOCHS,
  batchSize: BATCH_SIZE,
  optimizer,
  schedule,
  weighting: sum(),
  averageWeights,
};

/** Trains on four fifths of the fields to train on, and measures the rest. */
await validate(recipe, async (seed) => {
  const { train, validation } = await validationSamples();
  return {
    model: compose(heads, seed),
    train: trainingData(train, seed),
    validation: testData(validation),
    described: `${train.length} pictures`,
  };
});
