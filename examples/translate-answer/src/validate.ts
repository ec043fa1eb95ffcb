import { validate } from '@espalier/example-kit';
import { readTexts } from './examples.js';
import { compose } from './network.js';
import { prepare } from './prepare.js';
import { EPOCHS, recipe } from './settings.js';
import { microWorld } from './texts.js';

/** Trains on the generated world, and measures on its combinations for validation. */
await validate({ ...recipe, epochs: EPOCHS, sampler: recipe.sampler() }, async (seed) => {
  const read = async (split: 'train' | 'validation') =>
    readTexts(await microWorld.read(split, seed), microWorld.window);
  const [learned, held] = [await read('train'), await read('validation')];
  const { features, heads, train, measured } = prepare(learned, held);
  return {
    model: compose(heads, features, seed),
    train,
    validation: measured,
    described: `${learned.pairs.length} sentences, ${learned.questions.length} questions`,
  };
});
