import { TrainerError } from './errors.js';

/** The mean of repeated measurements, and how far they scatter. */
export interface Spread {
  readonly mean: number;
  /** The sample standard deviation (n − 1); 0 for one measurement. */
  readonly deviation: number;
}

/** Mean and sample standard deviation of repeated measurements, in their unit. */
export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)) };
}

export interface PairedTest {
  /** Student's t with n − 1 degrees of freedom. */
  readonly t: number;
  /** Two-sided. */
  readonly p: number;
}

/**
 * Student's paired t-test: could the mean of `first` − `second`, measured in pairs such as with the same seeds, be 0?
 * `undefined` for fewer than two pairs, and where all differences are equal: there is no spread to judge by.
 *
 * @throws TrainerError when the lists are not of one length.
 */
export function pairedTest(first: readonly number[], second: readonly number[]): PairedTest | undefined {
  if (first.length !== second.length) {
    throw new TrainerError(
      `A paired test of ${first.length} and ${second.length} values; give as many of each.`,
    );
  }
  const { mean, deviation } = spreadOf(first.map((value, pair) => value - second[pair]));
  if (first.length < 2 || deviation === 0) return undefined;
  const t = mean / (deviation / Math.sqrt(first.length));
  return { t, p: 1 - centralProbability(Math.abs(t), first.length - 1) };
}

/**
 * P(|T| ≤ t) of Student's t, exactly: a finite series for whole degrees of freedom.
 *
 * M. Abramowitz, I. A. Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
 */
function centralProbability(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const odd = freedom % 2;
  let term = odd ? Math.cos(angle) : 1;
  let series = 0;
  for (let power = odd; power <= freedom - 2; power += 2) {
    series += term;
    term *= (Math.cos(angle) ** 2 * (power + 1)) / (power + 2);
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * series) : Math.sin(angle) * series;
}
