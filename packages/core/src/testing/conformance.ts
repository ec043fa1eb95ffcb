import { EspalierError } from '../errors.js';

/** One thing that a head or a sharing strategy has to do. `run` throws a ConformanceError when it does not. */
export interface ConformanceCheck {
  readonly name: string;
  run(): Promise<void>;
}

/** A head or a sharing strategy does not do what the contract says; `message` says what and how to mend it. */
export class ConformanceError extends EspalierError {
  override readonly name = 'ConformanceError';
}

export function expect(holds: boolean, problem: string): void {
  if (!holds) throw new ConformanceError(problem);
}

/** The largest difference of two lists of numbers, relative to the largest of them in size. */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 1e-12;
  for (let index = 0; index < a.length; index++) {
    difference = Math.max(difference, Math.abs(a[index] - b[index]));
    size = Math.max(size, Math.abs(a[index]), Math.abs(b[index]));
    if (Number.isNaN(a[index]) || Number.isNaN(b[index])) return Number.POSITIVE_INFINITY;
  }
  return difference / size;
}
