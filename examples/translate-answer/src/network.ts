import { tokenEmbedding, transformerEncoder } from '@espalier/backbones';
import { type Heads, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import type { TokenFeatures, WordCodec } from '@espalier/datasets';
import { extractiveAnswer, translation } from '@espalier/nlp-heads';
import { hardSharing } from '@espalier/sharing';

const UNITS = 96;
const LAYERS = 3;
const ATTENTION_HEADS = 4;
const INNER = 256;
const DROPOUT = 0.05;

/** How the two tasks are learned, for translations in the words of a codec. */
export function headsFor(codec: WordCodec, longest: number) {
  return {
    translation: translation({
      codec,
      longest,
      units: UNITS,
      layers: 2,
      heads: ATTENTION_HEADS,
      inner: INNER,
      dropout: DROPOUT,
    }),
    answer: extractiveAnswer(),
  };
}

export type TextHeads = ReturnType<typeof headsFor>;

/** One Transformer encoder for the tasks of these heads. */
export function compose<Own extends Heads>(
  own: Own,
  { words, width }: TokenFeatures,
  seed: number,
): MultiTaskModel<Own> {
  return multiTaskModel({
    inputShape: [null, width],
    trunk: () => [
      tokenEmbedding({ name: 'words', words: words.size, units: UNITS }),
      ...transformerEncoder({
        layers: LAYERS,
        heads: ATTENTION_HEADS,
        inner: INNER,
        dropout: DROPOUT,
        positions: 'rotary',
      }),
    ],
    sharing: hardSharing(),
    heads: own,
    seed,
  });
}
