import { DatasetError } from '../errors.js';

/** What is wrong in a file, with the place: lines are counted from 1. */
export function fileError(file: string, line: number, problem: string, options?: ErrorOptions): DatasetError {
  return new DatasetError(`${file}:${line}: ${problem}`, options);
}
