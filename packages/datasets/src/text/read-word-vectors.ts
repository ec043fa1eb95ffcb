import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { DatasetError, messageOf } from '../errors.js';
import {
  parseBinaryWordVectors,
  parseWinkWordVectors,
  parseWordVectors,
  type WordVectors,
} from './word-vectors.js';

/**
 * Word vectors from a file: the JSON of winkNLP where its name ends in `.json`, the binary format of word2vec where it
 * ends in `.bin`, and the text format of GloVe, word2vec and fastText otherwise.
 *
 * @param wanted reads only these words, since the files are large.
 * @throws DatasetError when the file cannot be read, or is not what its name says.
 */
export async function readWordVectors(file: string, wanted?: ReadonlySet<string>): Promise<WordVectors> {
  const kind = extname(file).toLowerCase();
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new DatasetError(`${file}: cannot be read as word vectors: ${messageOf(cause)}`, { cause });
  });
  if (kind === '.bin') return parseBinaryWordVectors(bytes, file, wanted);
  const text = textOf(bytes, file);
  return kind === '.json' ? parseWinkWordVectors(text, file, wanted) : parseWordVectors(text, file, wanted);
}

/** JavaScript's texts have half a gigabyte at most. */
function textOf(bytes: Buffer, file: string): string {
  try {
    return bytes.toString('utf8');
  } catch (cause) {
    throw new DatasetError(
      `${file}: is too large to be read as a text. Take shorter vectors, or a .bin file.`,
      { cause },
    );
  }
}
