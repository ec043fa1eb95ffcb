import { textConvolution, tokenEmbedding } from '@espalier/backbones';
import { type Heads, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import type { TokenFeatures } from '@espalier/datasets';
import { sentiment, textClassification } from '@espalier/nlp-heads';
import { hardSharing } from '@espalier/sharing';
import * as tfl from '@tensorflow/tfjs-layers';

/** Where a text is from, and how it feels. */
export const heads = {
  source: textClassification({ classes: ['tweets', 'nyt', 'movies', 'amazon'] }),
  sentiment: sentiment(),
};

const WORD_UNITS = 100;
const FILTERS = 128;
const DROPOUT = 0.4;

/** Vectors of words, and what stands in any three neighbouring ones. */
const trunk = ({ words }: TokenFeatures) => [
  tokenEmbedding({ words: words.size, units: WORD_UNITS, wordDropout: 0.1 }),
  tfl.layers.dropout({ rate: DROPOUT }),
  textConvolution({ filters: FILTERS }),
  tfl.layers.dropout({ rate: DROPOUT }),
];

/** One trunk for the tasks of these heads. */
export function compose<Own extends Heads>(
  own: Own,
  features: TokenFeatures,
  seed: number,
): MultiTaskModel<Own> {
  return multiTaskModel({
    inputShape: [null, features.width],
    trunk: () => trunk(features),
    sharing: hardSharing(),
    heads: own,
    seed,
  });
}
