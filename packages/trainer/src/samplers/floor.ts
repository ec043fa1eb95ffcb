/** The part of the draws that is uniform. */
const UNIFORM = 0.1;

/** Shares that give each task at least its part of the uniform draws; equal ones until every task has a value. */
export function withFloor(values: readonly (number | undefined)[]): number[] {
  const known = values.filter((value) => value !== undefined);
  const total = known.reduce((sum, value) => sum + value, 0);
  if (known.length < values.length || total === 0) return values.map(() => 1);
  return known.map((value) => UNIFORM / known.length + ((1 - UNIFORM) * value) / total);
}
