import type { Heads } from '@espalier/core';
import { validate, validatedSet } from '@espalier/example-kit';
import { sum } from '@espalier/losses';
import { compose } from './network.js';
import { cells, type PictureSet, photographs, testData, trainingData } from './sets.js';
import { EPOCHS, optimizer } from './settings.js';

/** Of the pictures to train on, every fifth is for validation. */
const VALIDATION = 5;

await (validatedSet() === 'cells' ? validateSet(cells) : validateSet(photographs));

/** Trains on four fifths of the pictures to train on, and measures the rest. */
async function validateSet<H extends Heads>(set: PictureSet<H>): Promise<void> {
  const { batchSize, schedule, heads, size } = set;
  const recipe = { epochs: EPOCHS, batchSize, optimizer, schedule, weighting: sum() };
  await validate(recipe, async (seed) => {
    const pictures = await set.read({ ...size, split: 'train' });
    const learned = pictures.filter((_, index) => index % VALIDATION > 0);
    const held = pictures.filter((_, index) => index % VALIDATION === 0);
    return {
      model: compose({ heads, size, trunk: await set.trunk(), seed }),
      train: trainingData(set, learned, seed),
      validation: testData(set, held),
      described: `${held.length} pictures held out`,
    };
  });
}
