import type { Gramian } from '../aggregator.js';
import { perTask } from '../check.js';
import { InputError } from '../errors.js';

export interface ConeOptions {
  /** How much each task counts in the mean: non-negative, of sum 1. Default: all alike. */
  readonly preference?: readonly number[];
  /** Added to the diagonal of the Gramian after division by its trace. Default 0: the exact projection. */
  readonly regEps?: number;
  /** A Gramian whose trace is below it counts as zero. Default 0. */
  readonly normEps?: number;
}

/** The preference of the tasks in the batch, of sum 1. */
export function preferenceOf(
  method: string,
  { preference }: { readonly preference?: readonly number[] },
  { n, tasks }: Gramian,
  count: number,
): Float64Array {
  if (!preference) return new Float64Array(n).fill(1 / n);
  perTask(method, 'preference', preference, count);
  const present = Float64Array.from(tasks, (task) => preference[task]!);
  const total = present.reduce((sum, value) => sum + value, 0);
  return total > 0 ? present.map((value) => value / total) : present;
}

/** The Gramian as TorchJD regularises it; untouched when both options are 0. */
export function coneGramian(
  method: string,
  gramian: Gramian,
  { regEps = 0, normEps = 0 }: ConeOptions,
): Gramian {
  const { n, values } = gramian;
  if (!(regEps >= 0)) throw new InputError(method, 'regEps of at least 0', regEps);
  if (!(normEps >= 0)) throw new InputError(method, 'normEps of at least 0', normEps);
  if (regEps === 0 && normEps === 0) return gramian;
  let trace = 0;
  for (let i = 0; i < n; i++) trace += values[i * n + i]!;
  const regularised = values.map((value) => (trace > 0 && trace >= normEps ? value / trace : 0));
  for (let i = 0; i < n; i++) regularised[i * n + i]! += regEps;
  return { ...gramian, values: regularised };
}
