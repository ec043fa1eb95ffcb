import { InputError } from '../errors.js';
import { dot } from '../vector.js';
import { statelessWeighting, type Weighting } from '../weighting.js';
import { preferredGaps, type TchebycheffOptions } from './tchebycheff.js';

export interface PbiOptions extends TchebycheffOptions {
  /** How much leaving the preferred ray costs. */
  readonly theta?: number;
}

/**
 * Penalty boundary intersection: d1 + theta d2, where d1 is how far L - z reaches along the preference vector, and d2
 * its distance from that ray. Weights may be negative.
 *
 * MOEA/D, Zhang and Li 2007. On the ray, where d2 has no derivative, its subgradient 0 is taken.
 */
export function pbi({ theta = 5, ...options }: PbiOptions = {}): Weighting {
  if (!(theta >= 0 && Number.isFinite(theta))) throw new InputError('pbi', 'theta of at least 0', theta);
  const measure = preferredGaps('pbi', options);
  return statelessWeighting('pbi', ({ tasks, losses }, _context, count) => {
    const { lambda, gaps } = measure(tasks, losses, count);
    const length = Math.sqrt(dot(lambda, lambda));
    if (length === 0) throw new InputError('pbi', 'a preference above 0 of a present task', lambda);
    const ray = lambda.map((value) => value / length);
    const along = dot(gaps, ray);
    const across = gaps.map((gap, k) => gap - along * ray[k]!);
    const d2 = Math.sqrt(dot(across, across));
    const sign = Math.sign(along);
    return {
      value: Math.abs(along) + theta * d2,
      weights: ray.map((value, k) => sign * value + (d2 > 0 ? (theta * across[k]!) / d2 : 0)),
    };
  });
}
