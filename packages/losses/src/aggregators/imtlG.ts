import { statelessGramian, type WeightsAggregator } from '../aggregator.js';
import { DegenerateError, InputError } from '../errors.js';
import { applyFunction } from '../solvers/eigen.js';

export interface ImtlGOptions {
  /** The only solver there is: the pseudo-inverse with the exact rank. */
  readonly solver?: 'pinv';
}

/**
 * Equal projections on all unit gradients: w = pinv(G) (|g_1|, ..., |g_T|), divided by its sum. Weights may be
 * negative.
 *
 * "Towards Impartial Multi-task Learning", ICLR 2021. The paper writes it for independent gradients, with an inverse
 * of differences to g_1; the pseudo-inverse is the same there, and does not prefer a task where they are dependent.
 */
export function imtlG({ solver = 'pinv' }: ImtlGOptions = {}): WeightsAggregator {
  if (solver !== 'pinv') throw new InputError('imtlG', "solver 'pinv'", solver);
  return statelessGramian('imtlG', (gramian) => {
    const { n, values } = gramian;
    const norms = Float64Array.from({ length: n }, (_, i) => Math.sqrt(values[i * n + i]!));
    const raw = applyFunction('imtlG', gramian, norms, () => (value) => 1 / value);
    const total = raw.reduce((sum, value) => sum + value, 0);
    const size = raw.reduce((sum, value) => sum + Math.abs(value), 0);
    if (!(Math.abs(total) > 1e-12 * size))
      throw new DegenerateError(
        'imtlG',
        'weights with a sum other than 0',
        `weights in the ratio [${raw.join(', ')}]`,
      );
    return { weights: raw.map((value) => value / total), residual: 0 };
  });
}
