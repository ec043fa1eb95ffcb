/** A vector that is zero nearly everywhere: the places where it is not, and its values there. */
export interface SparseVector {
  readonly places: Int32Array;
  readonly values: Float64Array;
}

/** Turns texts into vectors of their words and pairs of neighbouring words. */
export interface TfIdf {
  readonly size: number;
  encode(tokens: readonly string[]): SparseVector;
}

/** What occurs in fewer texts is left out. */
const LEAST_TEXTS = 2;

/**
 * How often a term occurs, as 1 + ln(tf), times how rare it is, ln((1 + n) / (1 + df)) + 1, each vector of length 1, as
 * scikit-learn's `TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)` has it.
 */
export function tfIdf(texts: readonly (readonly string[])[]): TfIdf {
  const counts = new Map<string, number>();
  for (const tokens of texts) {
    for (const term of new Set(termsOf(tokens))) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  const known = [...counts].filter(([, count]) => count >= LEAST_TEXTS);
  const places = new Map(known.map(([term], place) => [term, place]));
  const rarities = known.map(([, count]) => Math.log((1 + texts.length) / (1 + count)) + 1);
  return {
    size: known.length,
    encode(tokens) {
      const own = new Map<number, number>();
      for (const place of termsOf(tokens).flatMap((term) => places.get(term) ?? [])) {
        own.set(place, (own.get(place) ?? 0) + 1);
      }
      const weights = Array.from(own, ([place, count]) => (1 + Math.log(count)) * rarities[place]);
      const length = Math.hypot(...weights);
      return {
        places: Int32Array.from(own.keys()),
        values: Float64Array.from(weights, (weight) => weight / length),
      };
    },
  };
}

function termsOf(tokens: readonly string[]): string[] {
  const words = tokens.map((token) => token.toLowerCase());
  return [...words, ...words.slice(1).map((word, place) => `${words[place]} ${word}`)];
}
