import { tokenFeatures } from '@espalier/datasets';
import { validate } from '@espalier/example-kit';
import { compose, heads } from './network.js';
import { byLength, labelled, readSentences } from './sentences.js';
import { EPOCHS, recipe } from './settings.js';

const PARTS = 5;

/** Trains on four fifths of the sentences to train on, and measures the rest; the seed says which. */
await validate({ ...recipe, epochs: EPOCHS, sampler: recipe.sampler() }, async (seed) => {
  const sentences = await readSentences('train');
  const isHeldOut = (index: number) => index % PARTS === seed % PARTS;
  const learned = sentences.filter((_, index) => !isHeldOut(index));
  const held = byLength(sentences.filter((_, index) => isHeldOut(index)));
  const features = tokenFeatures(learned.map(({ tokens }) => tokens));
  return {
    model: compose(heads, features, seed),
    train: labelled(learned, features),
    validation: labelled(held, features),
    described: `${learned.length} sentences`,
  };
});
