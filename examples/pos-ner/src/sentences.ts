import { join } from 'node:path';
import type { ExampleOf } from '@espalier/core';
import { bucketOf, lengthBuckets, type TokenFeatures } from '@espalier/datasets';
import { ewtPosNer, type TaggedSentence } from '@espalier/datasets/node';
import type { DataOf } from '@espalier/trainer';
import type { heads } from './network.js';

export type TaggingHeads = typeof heads;

/** The sentences in the folder that ESPALIER_DATA names. */
export function readSentences(split: 'train' | 'test'): Promise<readonly TaggedSentence[]> {
  return ewtPosNer(join(process.env.ESPALIER_DATA ?? 'data', 'ewt-pos-ner'), split);
}

/** Sentences as examples of both tasks, padded up to one of a few lengths. */
export function labelled(
  sentences: readonly TaggedSentence[],
  features: TokenFeatures,
): DataOf<TaggingHeads> {
  const buckets = lengthBuckets(sentences.map(({ tokens }) => tokens.length));
  const examples = sentences.map(
    ({ tokens, pos, ner }): ExampleOf<TaggingHeads> => ({
      input: features.encode(tokens, bucketOf(tokens.length, buckets)),
      labels: { pos, ner },
    }),
  );
  return { length: examples.length, at: (index) => examples[index], id: (index) => sentences[index].id };
}

/** Short ones first: sentences of one length go through the network together. */
export function byLength(sentences: readonly TaggedSentence[]): TaggedSentence[] {
  return sentences.toSorted((a, b) => a.tokens.length - b.tokens.length);
}
