import { graphemes, normalizeText } from './normalize.js';
import { countVocabulary, UNKNOWN, type Vocabulary } from './vocabulary.js';

export interface TokenFeaturesOptions {
  /** How often a word has to occur to be known; 2 unless given, so that unknown words occur in training. */
  readonly leastWords?: number;
  /** Words in lower case that are known however often they occur, as those whose vectors were learned elsewhere. */
  readonly known?: Iterable<string>;
  /** How many characters of a word count; of a longer one the first and last. 16 unless given; 0 for none. */
  readonly characters?: number;
  /**
   * How many parts of a word count: three to six neighbouring characters in lower case, with < before and > behind the
   * word; the shorter ones first. 0 for none, unless given. Those that two words have are known.
   *
   * P. Bojanowski et al., "Enriching Word Vectors with Subword Information", TACL 2017, section 3.2.
   */
  readonly subwords?: number;
}

/** Turns tokens into what a network takes: for each token its word's number, its characters', and its subwords'. */
export interface TokenFeatures {
  /** Of words in lower case. */
  readonly words: Vocabulary;
  readonly characters: Vocabulary;
  readonly subwords: Vocabulary;
  /** How many numbers a token has: its word's, its characters', and its subwords'. */
  readonly width: number;
  /**
   * [tokens, width] in row-major order; 0 is padding.
   *
   * @param length pads up to so many tokens.
   */
  encode(tokens: readonly string[], length?: number): Float32Array;
}

const SUBWORD_LENGTHS = [3, 4, 5, 6];

/** Counts the words, characters and subwords of sentences to learn from. */
export function tokenFeatures(
  sentences: Iterable<readonly string[]>,
  { leastWords = 2, known = [], characters: length = 16, subwords: most = 0 }: TokenFeaturesOptions = {},
): TokenFeatures {
  const tokens = [...sentences].flat().map(normalizeText);
  const lower = tokens.map((token) => token.toLowerCase());
  const words = countVocabulary(lower, { least: leastWords, known });
  const characters = countVocabulary(length === 0 ? [] : tokens.flatMap(graphemes));
  const subwords = countVocabulary(most === 0 ? [] : [...new Set(lower)].flatMap(subwordsOf), { least: 2 });
  const width = 1 + length + most;
  return {
    words,
    characters,
    subwords,
    width,
    encode(sentence, padded = sentence.length) {
      const values = new Float32Array(Math.max(padded, sentence.length) * width);
      for (const [place, token] of sentence.entries()) {
        const own = normalizeText(token);
        const spelled = shortened(length === 0 ? [] : graphemes(own), length).map((one) =>
          characters.numberOf(one),
        );
        values.set([words.numberOf(own.toLowerCase()), ...spelled], place * width);
        const parts = (most === 0 ? [] : subwordsOf(own.toLowerCase())).map((part) =>
          subwords.numberOf(part),
        );
        values.set(parts.filter((part) => part !== UNKNOWN).slice(0, most), place * width + 1 + length);
      }
      return values;
    },
  };
}

/** The different parts of a word, the shorter ones first. */
function subwordsOf(word: string): string[] {
  const characters = ['<', ...graphemes(word), '>'];
  const parts = SUBWORD_LENGTHS.flatMap((size) =>
    Array.from({ length: Math.max(characters.length - size + 1, 0) }, (_, start) =>
      characters.slice(start, start + size).join(''),
    ),
  );
  return [...new Set(parts)];
}

/** Of what is too long the beginning and the end, which say most about a word. */
function shortened(characters: readonly string[], length: number): readonly string[] {
  if (characters.length <= length) return characters;
  const start = Math.ceil(length / 2);
  return [...characters.slice(0, start), ...characters.slice(characters.length - (length - start))];
}
