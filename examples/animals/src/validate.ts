import type { Heads } from '@espalier/core';
import { validate, validatedSet } from '@espalier/example-kit';
import { sum } from '@espalier/losses';
import { compose, pretrainedWeights } from './network.js';
import { cells, type PictureSet, photographs, testData, trainingData } from './sets.js';
import { BATCH_SIZE, EPOCHS, optimizer, schedule } from './settings.js';

/** Of the pictures to train on, every fifth is for validation. */
const VALIDATION = 5;

const recipe = { epochs: EPOCHS, batchSize: BATCH_SIZE, optimizer, schedule, weighting: sum() };

await (validatedSet() === 'cells' ? validateOn(cells) : validateOn(photographs));

/** Trains on four fifths of the pictures to train on, and measures the rest. */
function validateOn<H extends Heads>(set: PictureSet<H>): Promise<void> {
  const { heads, size, levels } = set;
  return validate(recipe, async (seed) => {
    const weights = await pretrainedWeights();
    const pictures = await set.read({ ...size, split: 'train' });
    const learned = pictures.filter((_, index) => index % VALIDATION > 0);
    const held = pictures.filter((_, index) => index % VALIDATION === 0);
    return {
      model: compose({ heads, size, levels, weights, seed }),
      train: trainingData(set, learned, seed),
      validation: testData(set, held),
      described: `${held.length} pictures held out`,
    };
  });
}
