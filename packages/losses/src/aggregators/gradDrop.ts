import { type JacobianAggregator, statelessJacobian } from '../aggregator.js';
import { InputError } from '../errors.js';

export interface GradDropOptions {
  /** Turns the purity P into the probability of keeping the positive entries: increasing, [0, 1] to [0, 1]. */
  readonly f?: 'identity' | ((purity: number) => number);
  /** The part of the entries of the other sign that stays, for all tasks or for each. */
  readonly leak?: number | readonly number[];
}

/**
 * Gradient sign dropout: with P = (1 + sum_i g_i / sum_i |g_i|) / 2 in each coordinate, the coordinate keeps its
 * positive entries with probability f(P) and otherwise its negative ones. d is their sum (no 1/T).
 *
 * arXiv 2010.06808; the paper applies it to activations, TorchJD and this to the parameters' gradients.
 */
export function gradDrop({ f = 'identity', leak = 0 }: GradDropOptions = {}): JacobianAggregator {
  const keep = f === 'identity' ? (purity: number) => purity : f;
  if (typeof keep !== 'function') throw new InputError('gradDrop', "f 'identity' or a function", f);
  const leaks = typeof leak === 'number' ? [leak] : leak;
  if (!leaks.every((value) => value >= 0 && value <= 1))
    throw new InputError('gradDrop', 'leak in [0, 1]', leak);
  return statelessJacobian('gradDrop', ({ tasks, rows, width }, { random = Math.random }, count) => {
    if (typeof leak !== 'number' && leak.length !== count)
      throw new InputError('gradDrop', `leak with ${count} entries`, leak);
    const direction = new Float64Array(width);
    for (let c = 0; c < width; c++) {
      let sum = 0;
      let size = 0;
      for (const row of rows) {
        sum += row[c]!;
        size += Math.abs(row[c]!);
      }
      if (size === 0) continue;
      const sign = random() < keep((1 + sum / size) / 2) ? 1 : -1;
      rows.forEach((row, k) => {
        const through = row[c]! * sign > 0 ? 1 : typeof leak === 'number' ? leak : leak[tasks[k]!]!;
        direction[c]! += through * row[c]!;
      });
    }
    return direction;
  });
}
