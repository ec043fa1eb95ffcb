import { dictionary } from 'cmu-pronouncing-dictionary';

/** An English word, and how it is spoken. */
export interface Word {
  readonly letters: string;
  /** The phonemes; a vowel ends in its stress, 0, 1 or 2. */
  readonly phonemes: readonly string[];
}

/** Every tenth word is for testing. */
export function words(
  split: 'train' | 'test',
  { longest, count }: { longest: number; count: number },
): Word[] {
  const all = Object.entries(dictionary)
    .filter(([letters]) => /^[a-z]+$/.test(letters) && letters.length <= longest)
    .map(([letters, spoken]) => ({ letters, phonemes: spoken.split(' ') }));
  const own = all.filter((_, index) => (index % 10 === 0) === (split === 'test'));
  // The dictionary is in the order of the alphabet: words from everywhere in it.
  return Array.from({ length: count }, (_, index) => own[Math.floor((index * own.length) / count)]);
}

/** How many different letters `encodeLetters` knows, the place behind the end included. */
export const LETTERS = 27;

/** The letters as numbers from 1, and zeros behind the end. */
export function encodeLetters(letters: string, length: number): Float32Array {
  const codes = Array.from(letters, (letter) => letter.charCodeAt(0) - 'a'.charCodeAt(0) + 1);
  return Float32Array.from({ length }, (_, place) => codes[place] ?? 0);
}
