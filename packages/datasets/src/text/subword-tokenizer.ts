import { DatasetError, messageOf } from '../errors.js';
import { normalizeText, type WordSpan, wordSpans } from './normalize.js';
import { parseJson } from './parse-json.js';

/** Turns texts into numbers of subwords and back, as a `tokenizer.json` says. */
export interface SubwordTokenizer {
  /** The largest number; 0 is padding. */
  readonly size: number;
  /** The subwords of a text, without the marks of its beginning and end. */
  tokens(text: string): string[];
  /** Their numbers. */
  encode(text: string): number[];
  /**
   * What a network such as BERT takes of a text, or of two: [tokens, 2] in row-major order, the number of each token, the
   * marks among them (`[CLS]`, `[SEP]`), and which of the two texts it belongs to.
   */
  encodeInput(text: string, second?: string): Float32Array;
  /**
   * The subwords of a text, each with the place of the word that it is of, or, where the tokenizer parts words otherwise
   * than `wordSpans`, of all up to the next white space.
   *
   * @throws DatasetError where the tokenizer does not read word by word, as byte-level BPE does not.
   */
  spans(text: string): WordSpan[];
  /**
   * Tokens as a network such as BERT takes them: [tokens, 2] in row-major order, the number of each, and whether it
   * belongs to the second text.
   *
   * @param second the first token of the second text.
   */
  encodeTokens(tokens: readonly string[], second?: number): Float32Array;
  /** The text, without marks. */
  decode(numbers: readonly number[]): string;
}

/** What a `tokenizer.json` holds of what is needed here. */
interface TokenizerFile {
  readonly model: { readonly vocab: unknown };
  readonly padding?: { readonly pad_id?: number } | null;
}

const PADDING = /^(\[PAD\]|<pad>)$/;

/**
 * The tokenizer of a `tokenizer.json` (WordPiece, BPE, Unigram), by npm's `@huggingface/tokenizers`. Texts are brought
 * into Unicode's composed form first, as `normalizeText` does. Where the file's number 0 is no padding, all numbers are
 * one more than there, since 0 is padding here.
 *
 * @param text what the file holds.
 * @param file its name, for errors.
 * @throws DatasetError when the file is not one, or `@huggingface/tokenizers` is not installed.
 */
export async function subwordTokenizer(text: string, file: string): Promise<SubwordTokenizer> {
  const parsed = parse(text, file);
  const { Tokenizer } = await importTokenizers();
  let tokenizer: InstanceType<typeof Tokenizer>;
  try {
    tokenizer = new Tokenizer(parsed, {});
  } catch (cause) {
    throw new DatasetError(`${file}: cannot be used: ${messageOf(cause)}`, { cause });
  }
  const vocabulary = tokenizer.get_vocab(true);
  const shift = PADDING.test(tokenizer.id_to_token(0) ?? '') ? 0 : 1;
  const numberOf = (token: string): number => {
    const number = vocabulary.get(token);
    if (number !== undefined) return number;
    throw new DatasetError(
      `${file}: has no token ${JSON.stringify(token)}. Give tokens of its own vocabulary.`,
    );
  };
  const encode = (own: string) => tokenizer.encode(normalizeText(own), { add_special_tokens: false });
  const tokens = (own: string): string[] => encode(own).tokens;
  return {
    size: Math.max(...vocabulary.values()) + shift,
    tokens,
    encode: (own) => encode(own).ids.map((id) => id + shift),
    encodeInput(first, second) {
      const { ids, token_type_ids: segments } = tokenizer.encode(normalizeText(first), {
        text_pair: second === undefined ? null : normalizeText(second),
        return_token_type_ids: true,
      });
      // A tokenizer without marks has no segments either.
      const known: readonly number[] | undefined = segments;
      const length = known === undefined ? encode(first).ids.length : 0;
      return Float32Array.from(
        ids.flatMap((id, token) => [id + shift, known?.[token] ?? Number(token >= length)]),
      );
    },
    spans(own) {
      const spans = subwordSpans(own, tokens);
      if (isSame(tokensOf(spans), tokens(own))) return spans;
      throw new DatasetError(
        `${file}: reads a text otherwise than word by word, so where its subwords stand is not known. Use a tokenizer that ` +
          "does, as BERT's WordPiece.",
      );
    },
    encodeTokens(own, second = own.length) {
      return Float32Array.from(
        own.flatMap((token, place) => [numberOf(token) + shift, Number(place >= second)]),
      );
    },
    decode(numbers) {
      const ids = numbers.filter((number) => number >= shift).map((number) => number - shift);
      return ids.length === 0
        ? ''
        : tokenizer.decode(ids, {
            skip_special_tokens: true,
            clean_up_tokenization_spaces: false,
          });
    },
  };
}

const WHITE_SPACE_APART = /\S+/gu;

/** The subwords of every word, or of all between white space where these are others. */
function subwordSpans(text: string, tokens: (text: string) => string[]): WordSpan[] {
  return Array.from(text.matchAll(WHITE_SPACE_APART), ({ 0: apart, index }) => {
    const fine = wordSpans(apart).flatMap(({ word, start, end }) =>
      tokens(word).map((token) => ({ word: token, start: index + start, end: index + end })),
    );
    const whole = tokens(apart);
    if (isSame(tokensOf(fine), whole)) return fine;
    return whole.map((token) => ({ word: token, start: index, end: index + apart.length }));
  }).flat();
}

function tokensOf(spans: readonly WordSpan[]): string[] {
  return spans.map(({ word }) => word);
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((token, place) => token === b[place]);
}

function parse(text: string, file: string): TokenizerFile {
  const parsed = parseJson(text, file) as Partial<TokenizerFile> | null;
  if (parsed?.model?.vocab === undefined) {
    throw new DatasetError(`${file}: has no "model" with a "vocab", so it is no tokenizer.json.`);
  }
  return parsed as TokenizerFile;
}

async function importTokenizers() {
  try {
    return await import('@huggingface/tokenizers');
  } catch (cause) {
    throw new DatasetError(
      'A tokenizer.json is read by the package "@huggingface/tokenizers", which is not installed: ' +
        'npm install @huggingface/tokenizers',
      { cause },
    );
  }
}
