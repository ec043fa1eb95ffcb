import { tokenFeatures } from '@espalier/datasets';
import type { RatedText } from '@espalier/datasets/node';
import { validate } from '@espalier/example-kit';
import { compose, heads, SUBWORDS } from './network.js';
import { EPOCHS, recipe } from './settings.js';
import { labelled, ratedTexts, readTexts } from './texts.js';

const PARTS = 5;

/** Sentences of one document stay together, where documents are known. */
const documentOf = ({ id, source }: RatedText) =>
  source === 'nyt' || source === 'amazon' ? id.split('_')[0] : id;

/** Trains on four fifths of the texts to train on, and measures the rest; the seed says which. */
await validate({ ...recipe, epochs: EPOCHS, sampler: recipe.sampler() }, async (seed) => {
  const texts = readTexts(await ratedTexts('train'));
  const documents = new Map([...new Set(texts.map(documentOf))].sort().map((one, place) => [one, place]));
  const isHeldOut = (text: RatedText) => (documents.get(documentOf(text)) ?? 0) % PARTS === seed % PARTS;
  const learned = texts.filter((text) => !isHeldOut(text));
  const features = tokenFeatures(
    learned.map(({ tokens }) => tokens),
    { subwords: SUBWORDS },
  );
  return {
    model: compose(heads, features, seed),
    train: labelled(learned, features),
    validation: labelled(texts.filter(isHeldOut), features),
    described: `${learned.length} texts`,
  };
});
