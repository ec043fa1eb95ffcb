import { EspalierError } from '@espalier/core';

/** A file of weights cannot be fetched or read; `message` says what was found, what was expected and what to do. */
export class WeightFileError extends EspalierError {
  override readonly name = 'WeightFileError';
}
