import { DatasetError, messageOf } from '../errors.js';
import { normalizeText } from './normalize.js';
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
  const encode = (own: string) => tokenizer.encode(normalizeText(own), { add_special_tokens: false });
  return {
    size: Math.max(...vocabulary.values()) + shift,
    tokens: (own) => encode(own).tokens,
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
