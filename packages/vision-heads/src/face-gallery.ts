import { cosineSimilarity } from './face-pairs.js';

/** Whom a face was recognized as. */
export interface FaceMatch<Person> {
  readonly person: Person;
  /** The cosine with the mean of that person's faces, from -1 to 1. */
  readonly similarity: number;
}

/**
 * People by their faces, whether or not a network was trained with them: open-set identification. Every person is
 * known by the mean of the embeddings that were enrolled.
 */
export class FaceGallery<Person> {
  readonly #sums = new Map<Person, Float64Array>();

  /** The people that are known, in the order in which they came. */
  get people(): readonly Person[] {
    return [...this.#sums.keys()];
  }

  /**
   * Adds a face of a person, new or known already.
   *
   * @throws RangeError when the embedding has another length than the others, or is no direction.
   */
  enrol(person: Person, embedding: ArrayLike<number>): void {
    const length = Math.sqrt(Array.from(embedding).reduce((sum, value) => sum + value * value, 0));
    if (!(length > 0 && length < Infinity)) {
      throw new RangeError('An embedding is all zeros or not finite; a face is known by its direction.');
    }
    this.#checkLength(embedding);
    const sum = this.#sums.get(person) ?? new Float64Array(embedding.length);
    for (let index = 0; index < sum.length; index++) sum[index] += embedding[index] / length;
    this.#sums.set(person, sum);
  }

  /**
   * The person who is most alike, or `undefined` where nobody is alike enough: a stranger.
   *
   * @param threshold the least similarity, as `verificationThreshold` gives it.
   * @throws RangeError when the embedding has another length than those enrolled.
   */
  identify(embedding: ArrayLike<number>, threshold: number): FaceMatch<Person> | undefined {
    this.#checkLength(embedding);
    let best: FaceMatch<Person> | undefined;
    for (const [person, sum] of this.#sums) {
      const similarity = cosineSimilarity(embedding, sum);
      if (similarity >= (best?.similarity ?? threshold)) best = { person, similarity };
    }
    return best;
  }

  #checkLength({ length }: ArrayLike<number>): void {
    for (const sum of this.#sums.values()) {
      if (sum.length === length) return;
      throw new RangeError(`An embedding has ${length} values; those in the gallery have ${sum.length}.`);
    }
  }
}
