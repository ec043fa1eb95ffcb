import { tokenFeatures, wordCodec } from '@espalier/datasets';
import { labelled, type ReadTexts, tokensOf } from './examples.js';
import { headsFor } from './network.js';

/** How much of what is read may be padding, unless a run is so small that all had better have one length. */
const WASTE = 0.15;

/** Features and heads for what is learned, and both that and what is measured as examples. */
export function prepare(learned: ReadTexts, held: ReadTexts, waste = WASTE) {
  const features = tokenFeatures(tokensOf(learned), { characters: 0, leastWords: 1 });
  const codec = wordCodec(learned.pairs.map(({ target }) => target));
  const longest = Math.max(
    ...[...learned.pairs, ...held.pairs].map(({ target }) => codec.encode(target).length),
  );
  return {
    features,
    heads: headsFor(codec, longest),
    train: labelled(learned, features, waste),
    measured: labelled(held, features, waste),
  };
}
