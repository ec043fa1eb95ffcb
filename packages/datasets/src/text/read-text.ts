import { readFile } from 'node:fs/promises';
import { DatasetError } from '../errors.js';

/**
 * The text of a file that is not shipped.
 *
 * @param origin a sentence that says what the file is, or where it is from.
 * @throws DatasetError with that sentence when the file cannot be read.
 */
export async function readText(file: string, origin: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new DatasetError(`${file} cannot be read. ${origin}`, { cause });
  });
}
