import { biLstm, tokenEmbedding } from '@espalier/backbones';
import { type Heads, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import type { TokenFeatures } from '@espalier/datasets';
import { crfTokenClassification, tokenClassification } from '@espalier/nlp-heads';
import { hardSharing } from '@espalier/sharing';
import * as tfl from '@tensorflow/tfjs-layers';

/** Parts of speech, each on its own, and named entities, whose tags are chosen together. */
export const heads = {
  pos: tokenClassification({
    tags: [
      ...['ADJ', 'ADP', 'ADV', 'AUX', 'CCONJ', 'DET', 'INTJ', 'NOUN', 'NUM'],
      ...['PART', 'PRON', 'PROPN', 'PUNCT', 'SCONJ', 'SYM', 'VERB', 'X'],
    ],
  }),
  ner: crfTokenClassification({
    tags: ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC', 'B-ORG', 'I-ORG'],
    scheme: 'IOB2',
    brokenTags: 'repair',
  }),
};

const WORD_UNITS = 100;
const CHARACTERS = { units: 30, filters: 50 };
const LSTM_UNITS = 100;
const DROPOUT = 0.5;

/** Words and characters, then a bidirectional LSTM over the sentence. */
const trunk = ({ words, characters }: TokenFeatures) => [
  tokenEmbedding({
    words: words.size,
    units: WORD_UNITS,
    characters: { characters: characters.size, ...CHARACTERS },
    wordDropout: 0.1,
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
