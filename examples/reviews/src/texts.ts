import { join } from 'node:path';
import type { ExampleOf } from '@espalier/core';
import { bucketOf, lengthBuckets, splitWords, type TokenFeatures } from '@espalier/datasets';
import { type RatedText, vaderTexts } from '@espalier/datasets/node';
import type { DataOf } from '@espalier/trainer';
import type { heads } from './network.js';

export type ReviewHeads = typeof heads;

/** A text in words; of a long one the beginning. */
export interface ReadText extends RatedText {
  readonly tokens: readonly string[];
}

const MOST_TOKENS = 60;

/** The texts in the folder that ESPALIER_DATA names. */
export function ratedTexts(split: 'train' | 'test'): Promise<readonly RatedText[]> {
  return vaderTexts(join(process.env.ESPALIER_DATA ?? 'data', 'vader-texts'), split);
}

/**
 * Splits texts into words, the short texts first: those of one length go through the network together.
 *
 * @param most how many words of a long text count.
 */
export function readTexts(texts: readonly RatedText[], most = MOST_TOKENS): ReadText[] {
  return texts
    .map((text) => ({ ...text, tokens: splitWords(text.text).slice(0, most) }))
    .filter(({ tokens }) => tokens.length > 0)
    .sort((a, b) => a.tokens.length - b.tokens.length);
}

/** Texts as examples of both tasks, padded up to one of a few lengths. */
export function labelled(texts: readonly ReadText[], features: TokenFeatures): DataOf<ReviewHeads> {
  const buckets = lengthBuckets(texts.map(({ tokens }) => tokens.length));
  const examples = texts.map(
    ({ tokens, source, rating }): ExampleOf<ReviewHeads> => ({
      input: features.encode(tokens, bucketOf(tokens.length, buckets)),
      labels: { source, sentiment: rating },
    }),
  );
  return { length: texts.length, at: (index) => examples[index], id: (index) => texts[index].id };
}
