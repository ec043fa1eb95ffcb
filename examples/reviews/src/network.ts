import { biLstm, tokenEmbedding } from '@espalier/backbones';
import { type Heads, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import type { TokenFeatures } from '@espalier/datasets';
import { vaderSources } from '@espalier/datasets/node';
import { sentiment, textClassification } from '@espalier/nlp-heads';
import { hardSharing } from '@espalier/sharing';
import * as tfl from '@tensorflow/tfjs-layers';

/** Ratings that are no further from 0 are neutral, of −4 to 4. */
export const NEUTRAL = 0.5;
/** How far the mean of twenty ratings may be from that of all people. */
const DEVIATION = 0.35;

/** Where a text is from, and how it feels. */
export const heads = {
  source: textClassification({ classes: vaderSources }),
  sentiment: sentiment({ neutral: NEUTRAL, deviation: DEVIATION }),
};

const WORDS = { units: 100, wordDropout: 0.3 };
const CHARACTERS = { units: 30, filters: 50 };
/** How many parts of a word count. */
export const SUBWORDS = 24;
const SUBWORD_UNITS = 100;
const LSTM_UNITS = 100;
const DROPOUT = 0.6;

/** Words, their characters and parts, then a bidirectional LSTM over the text. */
const trunk = ({ words, characters, subwords }: TokenFeatures) => [
  tokenEmbedding({
    words: words.size,
    ...WORDS,
    characters: { characters: characters.size, ...CHARACTERS },
    subwords: { subwords: subwords.size, columns: SUBWORDS, units: SUBWORD_UNITS },
  }),
  tfl.layers.dropout({ rate: DROPOUT }),
  biLstm({ units: LSTM_UNITS }),
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
