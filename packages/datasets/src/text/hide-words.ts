import { UNKNOWN } from './vocabulary.js';

/** A text of which some words are hidden, and which they are. */
export interface HiddenWords {
  /** The words' numbers; that of a hidden one is that of an unknown word, 1. */
  readonly numbers: readonly number[];
  /** For each word its number where it is hidden, undefined where it is not. */
  readonly hidden: readonly (number | undefined)[];
}

/**
 * Hides some words of a text, at least one, for `languageModel` of @espalier/nlp-heads to find.
 *
 * @param numbers of words, each from 1.
 * @param options.share how many are hidden, from 0 to 1; 0.15 unless given.
 * @param options.random numbers in [0, 1).
 */
export function hideWords(
  numbers: readonly number[],
  { share = 0.15, random }: { readonly share?: number; readonly random: () => number },
): HiddenWords {
  const one = Math.floor(random() * numbers.length);
  const hidden = numbers.map((number, place) => (place === one || random() < share ? number : undefined));
  return {
    numbers: numbers.map((number, place) => (hidden[place] === undefined ? number : UNKNOWN)),
    hidden,
  };
}
