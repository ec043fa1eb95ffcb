/** A vector that is zero nearly everywhere: the places where it is not, and its values there. */
export interface SparseVector {
  readonly places: Int32Array;
  readonly values: Float64Array;
}

/** Turns texts into vectors of their terms. */
export interface TfIdf {
  readonly size: number;
  encode(tokens: readonly string[]): SparseVector;
}

/** What occurs in fewer texts is left out. */
const LEAST_TEXTS = 2;
/** How many characters of a word are a term. */
const CHARACTERS = [2, 3, 4, 5];

/**
 * Vectors of words and pairs of neighbouring words, and behind them of characters that are neighbours inside a word, as
 * scikit-learn's `TfidfVectorizer` has them with `min_df=2, sublinear_tf=True`, once with `ngram_range=(1, 2)`, once with
 * `analyzer='char_wb', ngram_range=(2, 5)`.
 */
export function tfIdf(texts: readonly (readonly string[])[]): TfIdf {
  const lower = texts.map((tokens) => tokens.map((token) => token.toLowerCase()));
  const words = weighed(lower, wordsAndPairs);
  const characters = weighed(lower, charactersOfWords);
  return {
    size: words.size + characters.size,
    encode(tokens) {
      const own = tokens.map((token) => token.toLowerCase());
      const [first, second] = [words.encode(own), characters.encode(own)];
      return {
        places: Int32Array.of(...first.places, ...second.places.map((place) => words.size + place)),
        values: Float64Array.of(...first.values, ...second.values),
      };
    },
  };
}

/**
 * How often a term occurs, as 1 + ln(tf), times how rare it is, ln((1 + n) / (1 + df)) + 1, each vector of length 1.
 */
function weighed(
  texts: readonly (readonly string[])[],
  termsOf: (tokens: readonly string[]) => string[],
): TfIdf {
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

function wordsAndPairs(words: readonly string[]): string[] {
  return [...words, ...words.slice(1).map((word, place) => `${words[place]} ${word}`)];
}

/** With a space before and behind a word. */
function charactersOfWords(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const characters = [' ', ...word, ' '];
    return CHARACTERS.flatMap((size) =>
      Array.from({ length: Math.max(characters.length - size + 1, 0) }, (_, start) =>
        characters.slice(start, start + size).join(''),
      ),
    );
  });
}
