import type { Square } from '../aggregator.js';
import { multiply } from '../vector.js';
import { nonNegative } from './nonNegative.js';

/**
 * The projection of J^T u onto the dual cone of the rows, { d : <g_i, d> >= 0 for all i }, is J^T v with
 * v = argmin of v^T G v over v >= u. Here x = v - u >= 0 is found.
 */
export function dualCone(
  method: string,
  square: Square,
  u: ArrayLike<number>,
): { readonly x: Float64Array; readonly residual: number } {
  const { n, values: g } = square;
  const b = multiply(n, g, u);
  let size = 0;
  let conflict = false;
  for (let i = 0; i < n; i++) {
    conflict ||= b[i]! < 0;
    b[i] = -b[i]!;
    size += Math.abs(u[i]!) * Math.sqrt(g[i * n + i]!);
  }
  if (!conflict) return { x: new Float64Array(n), residual: 0 };
  return nonNegative(method, square, b, size);
}
