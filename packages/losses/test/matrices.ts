import fc from 'fast-check';
import { seeded } from './random.js';

export type Matrix = number[][];

/** Gradients of every kind: square, wide, fewer coordinates than tasks, repeated rows, zero rows, sums of others. */
export function matrix({
  maxTasks = 12,
  zeroRows = true,
  scales = true,
  spreads = true,
} = {}): fc.Arbitrary<Matrix> {
  return fc
    .record({
      seed: fc.nat(),
      tasks: fc.integer({ min: 1, max: maxTasks }),
      width: fc.integer({ min: 1, max: 30 }),
      kind: fc.constantFrom(
        'random',
        'equal rows',
        'zero row',
        'sum of rows',
        'low rank',
        'conflicting',
        'positive',
      ),
      exponent: fc.integer({ min: -8, max: 8 }),
      spread: fc.boolean(),
    })
    .map(({ seed, tasks, width, kind, exponent, spread }) => {
      const random = seeded(seed);
      const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      const row = () => Array.from({ length: width }, normal);
      let rows = Array.from({ length: tasks }, row);
      if (kind === 'equal rows') rows = rows.map((own, i) => (i % 2 === 0 ? rows[0]! : own));
      if (kind === 'zero row' && zeroRows) rows[tasks - 1] = row().map(() => 0);
      if (kind === 'sum of rows' && tasks > 2)
        rows[tasks - 1] = rows[0]!.map((value, c) => value + rows[1]![c]!);
      if (kind === 'low rank') {
        const basis = [row(), row()];
        rows = rows.map(() => {
          const [a, b] = [normal(), normal()];
          return basis[0]!.map((value, c) => a * value + b * basis[1]![c]!);
        });
      }
      if (kind === 'conflicting')
        rows = rows.map((own, i) => own.map((value) => (i % 2 ? -1 : 1) * (value + 0.5)));
      if (kind === 'positive') rows = rows.map((own) => own.map(Math.abs));
      if (!scales) return rows;
      return rows.map((own) => {
        const factor = 10 ** (spread && spreads ? Math.round(16 * random() - 8) : exponent);
        return own.map((value) => value * factor);
      });
    });
}

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
};
export const norm = (a: ArrayLike<number>) => Math.sqrt(dot(a, a));
export const gramian = (rows: Matrix): Matrix => rows.map((a) => rows.map((b) => dot(a, b)));
export const combine = (rows: Matrix, weights: ArrayLike<number>) =>
  rows[0]!.map((_, c) => rows.reduce((sum, row, i) => sum + weights[i]! * row[c]!, 0));
export const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  norm(Array.from(a, (value, i) => value - b[i]!));
export const permutation = <Item>(items: readonly Item[], seed: number): Item[] => {
  const random = seeded(seed);
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
};
