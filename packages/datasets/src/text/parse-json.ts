import { DatasetError, messageOf } from '../errors.js';

/** @throws DatasetError naming the file when the text is no JSON. */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DatasetError(`${file}: is no JSON: ${messageOf(cause)}`, { cause });
  }
}
