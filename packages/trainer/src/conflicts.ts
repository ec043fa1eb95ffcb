import type { StepRecord } from './step-records.js';

/** A cosine for every pair of tasks; `null` where one of them has no label, or no gradient. */
export type Cosines = readonly (readonly (number | null)[])[];

/**
 * How much the tasks' gradients agree: the cosine of the angle between two of them with respect to the shared weights,
 * from −1 (they conflict) to 1 (they agree).
 */
export function gradientCosines(gramian: NonNullable<StepRecord['gramian']>): Cosines {
  return gramian.map((row, first) =>
    gramian.map((other, second) => {
      if (row === undefined || other === undefined) return null;
      const norms = Math.sqrt(row[first] * other[second]);
      return norms > 0 ? Math.max(-1, Math.min(1, row[second] / norms)) : null;
    }),
  );
}
