import { normalizeText, rowsOf, type TokenFeatures, tokenFeatures } from '@espalier/datasets';
import { readWordVectors, type TaggedSentence } from '@espalier/datasets/node';

/** How sentences become numbers, and what the vectors of their words begin with. */
export interface Words {
  readonly features: TokenFeatures;
  /** The length of a word's vector. */
  readonly units: number;
  /** By the words' numbers. */
  readonly pretrained?: ReadonlyMap<number, Float32Array>;
}

const UNITS = 100;

/** The words of sentences to learn from; where there is a file of vectors, as `wordsWithVectors` has them. */
export async function wordsOf(
  learned: readonly TaggedSentence[],
  others: readonly TaggedSentence[],
  vectors: string | undefined,
): Promise<Words> {
  return vectors === undefined ? learnedWords(learned) : wordsWithVectors(learned, others, vectors);
}

/** The words of sentences to learn from. */
export function learnedWords(learned: readonly TaggedSentence[]): Words {
  return { features: tokenFeatures(learned.map(({ tokens }) => tokens)), units: UNITS };
}

/**
 * The words of sentences to learn from, and of other sentences those that have a vector in the file: it is as good
 * there as if they had been met.
 */
async function wordsWithVectors(
  learned: readonly TaggedSentence[],
  others: readonly TaggedSentence[],
  file: string,
): Promise<Words> {
  const occurring = [...learned, ...others].flatMap(({ tokens }) =>
    tokens.map((token) => normalizeText(token).toLowerCase()),
  );
  const vectors = await readWordVectors(file, new Set(occurring));
  const features = tokenFeatures(
    learned.map(({ tokens }) => tokens),
    { known: vectors.vectors.keys() },
  );
  return { features, units: vectors.length, pretrained: rowsOf(features.words, vectors) };
}
