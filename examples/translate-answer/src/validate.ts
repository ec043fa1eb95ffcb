import { tokenFeatures, wordCodec } from '@espalier/datasets';
import { validate } from '@espalier/example-kit';
import { labelled, readTexts, tokensOf } from './examples.js';
import { compose, headsFor } from './network.js';
import { EPOCHS, recipe } from './settings.js';
import { microWorld } from './texts.js';

const WASTE = 0.15;

/** Trains on the generated world, and measures on its combinations for validation. */
await validate({ ...recipe, epochs: EPOCHS, sampler: recipe.sampler() }, async (seed) => {
  const read = async (split: 'train' | 'validation') =>
    readTexts(await microWorld.read(split, seed), microWorld.window);
  const [learned, held] = [await read('train'), await read('validation')];
  const features = tokenFeatures(tokensOf(learned), { characters: 0, leastWords: 1 });
  const codec = wordCodec(learned.pairs.map(({ target }) => target));
  const longest = Math.max(
    ...[...learned.pairs, ...held.pairs].map(({ target }) => codec.encode(target).length),
  );
  return {
    model: compose(headsFor(codec, longest), features, seed),
    train: labelled(learned, features, WASTE),
    validation: labelled(held, features, WASTE),
    described: `${learned.pairs.length} sentences, ${learned.questions.length} questions`,
  };
});
