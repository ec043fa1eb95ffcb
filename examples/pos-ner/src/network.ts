import { biLstm, tokenEmbedding } from '@espalier/backbones';
import { type Heads, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import { crfTokenClassification, tokenClassification } from '@espalier/nlp-heads';
import { hardSharing } from '@espalier/sharing';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Words } from './words.js';

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

const CHARACTERS = { units: 30, filters: 50 };
const LSTM_UNITS = 100;
const DROPOUT = 0.5;

/** Words and characters, then a bidirectional LSTM over the sentence. */
const trunk = ({ features: { words, characters }, units, pretrained }: Words) => [
  tokenEmbedding({
    words: words.size,
    units,
    ...(pretrained !== undefined && { pretrained }),
    characters: { characters: characters.size, ...CHARACTERS },
    wordDropout: 0.1,
  }),
  tfl.layers.dropout({ rate: DROPOUT }),
  biLstm({ units: LSTM_UNITS }),
  tfl.layers.dropout({ rate: DROPOUT }),
];

/** One trunk for the tasks of these heads. */
export function compose<Own extends Heads>(own: Own, words: Words, seed: number): MultiTaskModel<Own> {
  return multiTaskModel({
    inputShape: [null, words.features.width],
    trunk: () => trunk(words),
    sharing: hardSharing(),
    heads: own,
    seed,
  });
}
