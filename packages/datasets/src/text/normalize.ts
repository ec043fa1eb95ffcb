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

/** Words, numbers and punctuation by Unicode's rules (UAX 29), without white space. */
export function splitWords(text: string): string[] {
  return Array.from(words.segment(normalizeText(text)), ({ segment }) => segment).filter(
    (piece) => piece.trim() !== '',
  );
}
