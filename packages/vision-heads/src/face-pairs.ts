import type { Pair } from './metrics/verification.js';

/** The cosine of the angle between two vectors, from -1 to 1; 0 where one is all zeros. */
export function cosineSimilarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [product, squareA, squareB] = [0, 0, 0];
  for (let index = 0; index < a.length; index++) {
    product += a[index] * b[index];
    squareA += a[index] ** 2;
    squareB += b[index] ** 2;
  }
  return product / (Math.sqrt(squareA * squareB) || 1);
}

/**
 * Every pair of different faces, with how alike they are: what verification is measured on, and its threshold chosen by.
 *
 * @param embeddings one a face.
 * @param people whose face each is.
 */
export function facePairs(
  embeddings: readonly ArrayLike<number>[],
  people: readonly (number | string)[],
): Pair[] {
  return embeddings.flatMap((own, index) =>
    Array.from({ length: index }, (_, other) => ({
      similarity: cosineSimilarity(own, embeddings[other]),
      same: people[index] === people[other],
    })),
  );
}
