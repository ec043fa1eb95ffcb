import { graphemes, normalizeText } from './normalize.js';
import { countVocabulary, type Vocabulary } from './vocabulary.js';

export interface TokenFeaturesOptions {
  /** How often a word has to occur to be known; 2 unless given, so that unknown words occur in training. */
  readonly leastWords?: number;
  /** Words in lower case that are known however often they occur, as those whose vectors were learned elsewhere. */
  readonly known?: Iterable<string>;
  /** How many characters of a word count; of a longer one the first and last. 16 unless given; 0 for none. */
  readonly characters?: number;
}

/** Turns tokens into what a network takes: for each token its word's number, then its characters'. */
export interface TokenFeatures {
  /** Of words in lower case. */
  readonly words: Vocabulary;
  readonly characters: Vocabulary;
  /** How many numbers a token has: its word's, and its characters'. */
  readonly width: number;
  /**
   * [tokens, width] in row-major order; 0 is padding.
   *
   * @param length pads up to so many tokens.
   */
  encode(tokens: readonly string[], length?: number): Float32Array;
}

/** Counts the words and characters of sentences to learn from. */
export function tokenFeatures(
  sentences: Iterable<readonly string[]>,
  { leastWords = 2, known = [], characters: length = 16 }: TokenFeaturesOptions = {},
): TokenFeatures {
  const tokens = [...sentences].flat().map(normalizeText);
  const words = countVocabulary(
    tokens.map((token) => token.toLowerCase()),
    { least: leastWords, known },
  );
  const characters = countVocabulary(length === 0 ? [] : tokens.flatMap(graphemes));
  const width = 1 + length;
  return {
    words,
    characters,
    width,
    encode(sentence, padded = sentence.length) {
      const values = new Float32Array(Math.max(padded, sentence.length) * width);
      for (const [place, token] of sentence.entries()) {
        const own = normalizeText(token);
        const spelled = shortened(length === 0 ? [] : graphemes(own), length).map((one) =>
          characters.numberOf(one),
        );
        values.set([words.numberOf(own.toLowerCase()), ...spelled], place * width);
      }
      return values;
    },
  };
}

/** Of what is too long the beginning and the end, which say most about a word. */
function shortened(characters: readonly string[], length: number): readonly string[] {
  if (characters.length <= length) return characters;
  const start = Math.ceil(length / 2);
  return [...characters.slice(0, start), ...characters.slice(characters.length - (length - start))];
}
