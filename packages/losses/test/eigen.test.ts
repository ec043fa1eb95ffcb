import fc from 'fast-check';
import { expect, it } from 'vitest';
import { aggregators } from '../src/index.js';
import { distance, gramian, norm } from './matrices.js';
import { seeded } from './random.js';

/** Independent gradients, of one size. */
const independent = fc
  .record({
    seed: fc.nat(),
    tasks: fc.integer({ min: 1, max: 24 }),
    exponent: fc.integer({ min: -8, max: 8 }),
  })
  .map(({ seed, tasks, exponent }) => {
    const random = seeded(seed);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Array.from({ length: tasks }, () =>
      Array.from({ length: 3 * tasks }, () => normal() * 10 ** exponent),
    );
  });

/** With a zero gradient the Gramian is singular, and its eigenvectors are found by Jacobi's rotations. */
it.each([
  ['alignedMtl, min', aggregators.alignedMtl()],
  ['alignedMtl, median', aggregators.alignedMtl({ scaleMode: 'median' })],
  ['alignedMtl, rmse', aggregators.alignedMtl({ scaleMode: 'rmse' })],
  ['imtlG', aggregators.imtlG()],
  ['conFig', aggregators.conFig()],
] as const)(
  '%s: the quick way for well-conditioned Gramians gives what the other one does',
  (name, method) => {
    fc.assert(
      fc.property(independent, (rows) => {
        const quick = method.weights(gramian(rows));
        const other = method.weights(gramian([...rows, rows[0]!.map(() => 0)])).slice(0, rows.length);
        // Its task still counts in the mean.
        const share = name.startsWith('alignedMtl') ? rows.length / (rows.length + 1) : 1;
        expect(
          distance(
            quick.map((weight) => weight * share),
            other,
          ),
        ).toBeLessThan(1e-10 * norm(other));
      }),
      { numRuns: 1000, seed: 6 },
    );
  },
);
