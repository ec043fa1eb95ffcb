import { splitWords } from './normalize.js';
import { countVocabulary, type Vocabulary } from './vocabulary.js';

/** Turns texts into numbers of words and back. */
export interface WordCodec {
  readonly vocabulary: Vocabulary;
  /** The largest number; 0 is padding, 1 an unknown word. */
  readonly size: number;
  encode(text: string): number[];
  /** Words with spaces between, as they are written: none in front of a full stop. What is not known is ⁇. */
  decode(numbers: readonly number[]): string;
}

/** The codec of the words that occur at least so often in texts to learn from. */
export function wordCodec(texts: Iterable<string>, options: { readonly least?: number } = {}): WordCodec {
  const vocabulary = countVocabulary([...texts].flatMap(splitWords), options);
  return {
    vocabulary,
    size: vocabulary.size,
    encode: (text) => splitWords(text).map((word) => vocabulary.numberOf(word)),
    decode: (numbers) =>
      numbers
        .map((number) => vocabulary.pieceOf(number) ?? '⁇')
        .join(' ')
        .replace(/ (?=[.,;:!?)\]»])/g, '')
        .replace(/([([«]) /g, '$1'),
  };
}
