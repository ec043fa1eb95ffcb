import { DatasetError } from '../errors.js';
import { normalizeText } from './normalize.js';

/** Stands for a space in front of a word. */
const SPACE = '▁';
const PADDING = '[PAD]';
const UNKNOWN = '[UNK]';

/** A word as subwords, by number, and how often it occurs. */
interface Word {
  subwords: number[];
  readonly count: number;
}

/**
 * A vocabulary of byte-pair encoding for texts, as the text of a `tokenizer.json` for `subwordTokenizer`: beginning with
 * characters, the most frequent pair of neighbours becomes one subword, again and again. Equal to that of Hugging Face's
 * trainer with the pre-tokenizer `Metaspace`. For small sets: every merge looks at all words.
 *
 * R. Sennrich, B. Haddow, A. Birch, "Neural Machine Translation of Rare Words with Subword Units", ACL 2016, section 3.2.
 *
 * @param size how many subwords there are at most, `[PAD]` and `[UNK]` among them.
 * @throws DatasetError when the characters alone are more.
 */
export function trainBpe(texts: Iterable<string>, { size }: { readonly size: number }): string {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of splitAtSpaces(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const characters = [...new Set([...counts.keys()].flatMap((word) => Array.from(word)))];
  characters.sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  const subwords = [PADDING, UNKNOWN, ...characters];
  if (subwords.length > size) {
    throw new DatasetError(
      `A vocabulary of ${size} has no room for the ${characters.length} characters of the texts.`,
    );
  }
  const numbers = new Map(subwords.map((subword, number) => [subword, number]));
  const words = Array.from(counts, ([word, count]): Word => {
    return { subwords: Array.from(word, (character) => numbers.get(character)!), count };
  });
  const merges: [string, string][] = [];
  while (subwords.length < size) {
    const pair = mostFrequentPair(words, subwords.length);
    if (pair === undefined) break;
    const [first, second] = pair;
    merges.push([subwords[first], subwords[second]]);
    const merged = subwords[first] + subwords[second];
    // Two ways may lead to one subword.
    const number = numbers.get(merged) ?? subwords.push(merged) - 1;
    numbers.set(merged, number);
    for (const word of words) word.subwords = mergePair(word.subwords, first, second, number);
  }
  return JSON.stringify(tokenizerFile(numbers, merges));
}

/** Words with their space in front, as Metaspace makes them. */
function splitAtSpaces(text: string): string[] {
  const marked = SPACE + normalizeText(text).replaceAll(' ', SPACE);
  return marked.split(new RegExp(`(?=${SPACE})`));
}

/** Of equally frequent ones that with the smallest numbers. */
function mostFrequentPair(words: readonly Word[], size: number): [number, number] | undefined {
  const counts = new Map<number, number>();
  for (const { subwords, count } of words) {
    for (let place = 1; place < subwords.length; place++) {
      const key = subwords[place - 1] * size + subwords[place];
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  }
  let [best, most] = [-1, 0];
  for (const [key, count] of counts) {
    if (count > most || (count === most && key < best)) [best, most] = [key, count];
  }
  return best < 0 ? undefined : [Math.floor(best / size), best % size];
}

function mergePair(subwords: readonly number[], first: number, second: number, merged: number): number[] {
  const result: number[] = [];
  for (let place = 0; place < subwords.length; place++) {
    const isPair = subwords[place] === first && subwords[place + 1] === second;
    result.push(isPair ? merged : subwords[place]);
    if (isPair) place++;
  }
  return result;
}

function tokenizerFile(numbers: ReadonlyMap<string, number>, merges: readonly (readonly [string, string])[]) {
  const marks = [PADDING, UNKNOWN].map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const metaspace = { type: 'Metaspace', replacement: SPACE, prepend_scheme: 'always', split: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: marks,
    normalizer: { type: 'NFC' },
    pre_tokenizer: metaspace,
    post_processor: null,
    decoder: metaspace,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: UNKNOWN,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(numbers),
      merges,
    },
  };
}
