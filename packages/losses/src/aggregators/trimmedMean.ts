import { type JacobianAggregator, statelessJacobian } from '../aggregator.js';
import { InputError } from '../errors.js';

export interface TrimmedMeanOptions {
  /** How many of the largest and how many of the smallest entries each coordinate loses. */
  readonly trim?: number;
}

/** The coordinate-wise mean of what is left after removing the `trim` largest and smallest. Yin et al., ICML 2018. */
export function trimmedMean({ trim = 1 }: TrimmedMeanOptions = {}): JacobianAggregator {
  if (!(Number.isInteger(trim) && trim >= 0)) throw new InputError('trimmedMean', 'trim of at least 0', trim);
  return statelessJacobian('trimmedMean', ({ rows, width }) => {
    if (rows.length <= 2 * trim)
      throw new InputError('trimmedMean', `more than ${2 * trim} tasks`, rows.length);
    const direction = new Float64Array(width);
    for (let c = 0; c < width; c++) {
      const entries = Float64Array.from(rows, (row) => row[c]!).sort();
      for (let k = trim; k < rows.length - trim; k++) direction[c]! += entries[k]!;
      direction[c]! /= rows.length - 2 * trim;
    }
    return direction;
  });
}
