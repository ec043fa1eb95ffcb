import type { Head } from '@espalier/core';
import {
  type GeneratedText,
  type GenerationOptions,
  textGeneration,
  textMetric,
} from './generation/text-generation.js';
import { bleu } from './metrics/bleu.js';
import { chrf } from './metrics/chrf.js';

/**
 * Translation, from features [batch, tokens, channels] of the source to a text, by a Transformer decoder that looks at
 * them; see `GenerationOptions`. A label is the translation; predictions are searched for by beam search, and say where
 * the decoder looked for each token.
 */
export function translation(options: GenerationOptions): Head<string, GeneratedText> {
  return textGeneration('translation', options, [textMetric('BLEU', bleu), textMetric('chrF', chrf)], {
    mayBeEmpty: false,
  });
}
