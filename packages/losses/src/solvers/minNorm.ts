import type { Square } from '../aggregator.js';
import { multiply } from '../vector.js';
import { nonNegative } from './nonNegative.js';

/**
 * The point of minimum norm in the convex hull of the rows: argmin of w^T G w over the simplex.
 *
 * With s the smallest norm of a row, min over u >= 0 of u^T G u + s^2 (1^T u - 1)^2 has the solution u = t w for
 * a t > 0 (Haskell and Hanson 1981), also where G is singular and where the minimum is 0.
 */
export function minNorm(method: string, square: Square) {
  const { n, values: g } = square;
  const smallest = smallestRow(n, g);
  const s2 = g[smallest * n + smallest]!;
  const weights = new Float64Array(n);
  if (s2 === 0) {
    weights[smallest] = 1;
    return { weights, squaredNorm: 0, residual: 0 };
  }
  const { x } = nonNegative(
    method,
    { ...square, values: g.map((value) => value + s2) },
    new Float64Array(n).fill(s2),
    Math.sqrt(s2),
  );
  const total = x.reduce((sum, value) => sum + value, 0);
  for (let i = 0; i < n; i++) weights[i] = x[i]! / total;

  const products = multiply(n, g, weights);
  let squaredNorm = 0;
  for (let i = 0; i < n; i++) squaredNorm += weights[i]! * products[i]!;
  let residual = 0;
  for (let i = 0; i < n; i++) {
    const gap = squaredNorm - products[i]!;
    const size = Math.sqrt(s2 * g[i * n + i]!);
    residual = Math.max(residual, (weights[i]! > 0 ? Math.abs(gap) : gap) / size);
  }
  return { weights, squaredNorm: Math.max(squaredNorm, 0), residual };
}

function smallestRow(n: number, g: Float64Array): number {
  let smallest = 0;
  for (let i = 1; i < n; i++) if (g[i * n + i]! < g[smallest * n + smallest]!) smallest = i;
  return smallest;
}
