import type { Square } from '../aggregator.js';
import { ConvergenceError } from '../errors.js';

interface NonNegativeSolution {
  readonly x: Float64Array;
  /** Indices where x is positive. */
  readonly passive: readonly number[];
  /** z on the passive set with M z = right side there, 0 elsewhere. */
  readonly solve: (rightSide: ArrayLike<number>) => Float64Array;
  /** The largest violation of b - M x <= 0, with equality where x > 0, for a unit diagonal, relative to `size`. */
  readonly residual: number;
}

/**
 * Minimises 1/2 x^T M x - b^T x over x >= 0, for a positive semi-definite M: the active-set method of Lawson and
 * Hanson on the Gramian instead of on the matrix. M is scaled to a unit diagonal, so the scales of the tasks do
 * not matter. A column that depends on the passive ones is exchanged for one of them.
 *
 * `size` says how large the terms were from which `b / sqrt(diag M)` was computed: differences that are rounding
 * against it count as zero. `guess` is a passive set to start from.
 */
export function nonNegative(
  method: string,
  { n, values: m, epsilon }: Square,
  b: Float64Array,
  size: number,
  guess: readonly number[] = [],
): NonNegativeSolution {
  const scale = Float64Array.from({ length: n }, (_, i) => Math.sqrt(m[i * n + i]!));
  const inverse = scale.map((value) => (value > 0 ? 1 / value : 0));
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) c[i * n + j] = m[i * n + j]! * inverse[i]! * inverse[j]!;
  const q = b.map((value, i) => value * inverse[i]!);

  const passive: number[] = [];
  const isPassive = new Uint8Array(n);
  const isBanned = new Uint8Array(n);
  const factor = new Float64Array(n * n);
  const y = new Float64Array(n);
  const z = new Float64Array(n);
  const gradient = new Float64Array(n);
  const dependent = 16 * n * epsilon;

  /** Writes row `k` of the Cholesky factor for column `j` after the first k passive ones; returns the pivot squared. */
  function factorRow(k: number, j: number): number {
    let pivot = c[j * n + j]!;
    for (let r = 0; r < k; r++) {
      let value = c[passive[r]! * n + j]!;
      for (let s = 0; s < r; s++) value -= factor[r * n + s]! * factor[k * n + s]!;
      value /= factor[r * n + r]!;
      factor[k * n + r] = value;
      pivot -= value * value;
    }
    factor[k * n + k] = Math.sqrt(Math.max(pivot, 0));
    return pivot;
  }

  function add(j: number): boolean {
    if (factorRow(passive.length, j) <= dependent) return false;
    passive.push(j);
    isPassive[j] = 1;
    return true;
  }

  function remove(k: number): void {
    const [gone] = passive.splice(k, 1);
    isPassive[gone!] = 0;
    y[gone!] = 0;
    for (let r = k; r < passive.length; r++) factorRow(r, passive[r]!);
  }

  /** z with C z = right side on the passive set, by the factor's first rows. */
  function substitute(rightSide: ArrayLike<number>): void {
    const size = passive.length;
    for (let r = 0; r < size; r++) {
      let value = rightSide[passive[r]!]!;
      for (let s = 0; s < r; s++) value -= factor[r * n + s]! * z[s]!;
      z[r] = value / factor[r * n + r]!;
    }
    for (let r = size - 1; r >= 0; r--) {
      let value = z[r]!;
      for (let s = r + 1; s < size; s++) value -= factor[s * n + r]! * z[s]!;
      z[r] = value / factor[r * n + r]!;
    }
  }

  /** Where on the way from y to y + t * direction the first entry becomes 0: [t, k], or k = -1 if none does. */
  function blocking(direction: (k: number) => number): [number, number] {
    let step = Number.POSITIVE_INFINITY;
    let at = -1;
    for (let k = 0; k < passive.length; k++) {
      const slope = direction(k);
      if (slope < 0 && y[passive[k]!]! < -slope * step) {
        step = y[passive[k]!]! / -slope;
        at = k;
      }
    }
    return [step, at];
  }

  /** Moves y to the minimum on the passive set, or as far as it stays positive, dropping what becomes 0. */
  function descend(): void {
    while (passive.length > 0) {
      substitute(q);
      let negative = false;
      for (let k = 0; k < passive.length; k++) negative ||= z[k]! <= 0;
      if (!negative) break;
      const [step, at] = blocking((k) => (z[k]! <= 0 ? z[k]! - y[passive[k]!]! : 0));
      if (at < 0) {
        for (let k = passive.length - 1; k >= 0; k--) if (z[k]! <= 0) remove(k);
        continue;
      }
      for (let k = 0; k < passive.length; k++) {
        const i = passive[k]!;
        y[i] = y[i]! + step * (z[k]! - y[i]!);
      }
      remove(at);
    }
    for (let k = 0; k < passive.length; k++) y[passive[k]!] = z[k]!;
  }

  /** The column j adds nothing to the span: x_j grows at the cost of the columns it is made of. */
  function exchange(j: number): boolean {
    substitute(c.subarray(j * n, j * n + n));
    const [step, at] = blocking((k) => -z[k]!);
    if (at < 0) return false;
    for (let k = 0; k < passive.length; k++) y[passive[k]!]! -= step * z[k]!;
    remove(at);
    if (add(j)) y[j] = step;
    return true;
  }

  for (const j of guess) if (scale[j]! > 0) add(j);
  while (passive.length > 0) {
    substitute(q);
    const before = passive.length;
    for (let k = before - 1; k >= 0; k--) if (z[k]! <= 0) remove(k);
    if (passive.length === before) break;
  }
  for (let k = 0; k < passive.length; k++) y[passive[k]!] = z[k]!;

  for (let iteration = 0; ; iteration++) {
    let total = size;
    for (let k = 0; k < passive.length; k++) total += y[passive[k]!]!;
    const tolerance = 8 * n * epsilon * total;
    let next = -1;
    let largest = tolerance;
    for (let i = 0; i < n; i++) {
      let value = q[i]!;
      for (let k = 0; k < passive.length; k++) value -= c[i * n + passive[k]!]! * y[passive[k]!]!;
      gradient[i] = value;
      if (!isPassive[i] && !isBanned[i] && scale[i]! > 0 && value > largest) {
        largest = value;
        next = i;
      }
    }
    if (next < 0) break;
    if (iteration > 10 * n + 100)
      throw new ConvergenceError(method, 'the active set to settle', `a residual of ${largest / size}`);
    if (add(next) || exchange(next)) {
      descend();
      if (isPassive[next]) isBanned.fill(0);
      else isBanned[next] = 1;
    } else isBanned[next] = 1;
  }

  // No smaller than what the rounding of M hides: epsilon times the terms of M x.
  let violation = epsilon * y.reduce((sum, value) => sum + value, 0);
  for (let i = 0; i < n; i++)
    violation = Math.max(violation, isPassive[i] ? Math.abs(gradient[i]!) : gradient[i]!);
  return {
    x: y.map((value, i) => value * inverse[i]!),
    passive,
    solve(rightSide) {
      substitute(Float64Array.from(rightSide, (value, i) => value * inverse[i]!));
      const solution = new Float64Array(n);
      for (let k = 0; k < passive.length; k++) solution[passive[k]!] = z[k]! * inverse[passive[k]!]!;
      return solution;
    },
    residual: size > 0 ? violation / size : 0,
  };
}
