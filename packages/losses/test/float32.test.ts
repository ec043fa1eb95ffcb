import fc from 'fast-check';
import { expect, it } from 'vitest';
import { aggregators, DegenerateError } from '../src/index.js';
import { combine, dot, gramian, matrix, norm } from './matrices.js';

/** What a graph in single precision returns: not quite symmetric in rank, its zero eigenvalues are rounding. */
const single = (rows: number[][]) => gramian(rows).map((row) => Float32Array.from(row));

it.each([
  ['mgda', aggregators.mgda()],
  ['upGrad', aggregators.upGrad()],
  ['dualProj', aggregators.dualProj()],
] as const)('%s conflicts with no task beyond the rounding of a float32 Gramian', (_name, method) => {
  fc.assert(
    fc.property(matrix({ maxTasks: 40, spreads: false }), (rows) => {
      const direction = combine(rows, method.weights(single(rows)));
      const size = Math.max(...rows.map(norm));
      for (const row of rows) expect(dot(row, direction)).toBeGreaterThanOrEqual(-1e-2 * norm(row) * size);
    }),
    { numRuns: 1000, seed: 6 },
  );
});

it.each([
  ['caGrad', aggregators.caGrad()],
  ['nashMtl', aggregators.nashMtl()],
  ['fairGrad', aggregators.fairGrad({ alpha: 2 })],
  ['alignedMtl', aggregators.alignedMtl()],
  ['imtlG', aggregators.imtlG()],
  ['conFig', aggregators.conFig()],
] as const)('%s: finite weights on a float32 Gramian, or a reason', (_name, method) => {
  fc.assert(
    fc.property(matrix({ maxTasks: 40, spreads: false, zeroRows: false }), (rows) => {
      try {
        const weights = method.weights(single(rows));
        expect(weights.every(Number.isFinite)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(DegenerateError);
      }
    }),
    { numRuns: 1000, seed: 6 },
  );
});
