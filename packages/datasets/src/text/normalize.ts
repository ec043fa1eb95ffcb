/**
 * A text in Unicode's composed form (NFC), so that é is one character however it was typed; a half of a surrogate pair
 * becomes U+FFFD, since no font and no file can hold it.
 */
export function normalizeText(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd').normalize('NFC');
}

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** What a reader sees as characters: a letter with its marks, a family of emoji. */
export function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const words = new Intl.Segmenter('und', { granularity: 'word' });

/** A word, and where it stands in its text, in UTF-16 code units; `end` is behind it. */
export interface WordSpan {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** Words, numbers and punctuation by Unicode's rules (UAX 29), without white space, as they stand in the text. */
export function wordSpans(text: string): WordSpan[] {
  return Array.from(words.segment(text), ({ segment, index }) => ({
    word: segment,
    start: index,
    end: index + segment.length,
  })).filter(({ word }) => word.trim() !== '');
}

/** The words of a text in composed form; see `wordSpans`. */
export function splitWords(text: string): string[] {
  return wordSpans(normalizeText(text)).map(({ word }) => word);
}
