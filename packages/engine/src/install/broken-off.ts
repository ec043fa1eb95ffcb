import { EngineError } from '../errors.js';
import type { Wheel } from './plan.js';
import { megabytes } from './progress.js';

/** A download that ended too soon. */
export function brokenOff({ file, bytes }: Wheel, had: number, options: ErrorOptions): EngineError {
  return new EngineError(
    'native',
    `the connection broke off after ${megabytes(had)} of ${megabytes(bytes)} of ${file}`,
    'Run it again: it goes on from there.',
    options,
  );
}
