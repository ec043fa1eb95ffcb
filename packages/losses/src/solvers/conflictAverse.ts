import type { Solution, Square } from '../aggregator.js';
import { ConvergenceError } from '../errors.js';
import { dot, multiply } from '../vector.js';
import { dualCone } from './dualCone.js';
import { minNorm } from './minNorm.js';
import { nonNegative } from './nonNegative.js';

/**
 * CAGrad's d = J^T (p + x), x >= 0, p = 1/n. For a level v let x(v) = argmin over x >= 0 of
 * 1/2 |J^T (p + x)|^2 - v 1^T x. It is linear in v between changes of its passive set, |J^T x(v)| grows with v, and
 * the solution is x(v) for the v with |J^T x(v)| = c |g0|: one quadratic equation a passive set, inside
 * a bracket that starts from a bound which the weights of minimum norm give.
 */
export function conflictAverse(method: string, square: Square, c: number): Solution {
  const { n, values: g, epsilon } = square;
  const blur = Math.sqrt(epsilon);
  const p = new Float64Array(n).fill(1 / n);
  const products = multiply(n, g, p);
  const g0 = Math.sqrt(Math.max(dot(p, products), 0));
  const radius = c * g0;
  const norms = Float64Array.from({ length: n }, (_, i) => Math.sqrt(g[i * n + i]!));
  if (c <= Number.EPSILON || g0 <= blur * dot(p, norms)) return { weights: p, residual: 0 };
  const plus = (x: Float64Array) => p.map((value, i) => value + x[i]!);

  const projected = dualCone(method, square, p);
  let low = Math.min(...products);
  let high = 0;
  let start = 0;
  if (norm(n, g, projected.x) < radius) {
    const nearest = minNorm(method, square);
    const distance = Math.sqrt(nearest.squaredNorm);
    if (distance <= 8 * blur * Math.min(...norms))
      return {
        weights: plus(projected.x),
        residual: projected.residual,
        fallback:
          'a convex combination of the gradients is 0: of all solutions, the nearest to the mean gradient',
      };
    low = 0;
    high = Number.POSITIVE_INFINITY;
    start = dot(nearest.weights, products) + radius * distance;
  }

  let level = start;
  let passive: readonly number[] = [];
  let best: Certificate & { x: Float64Array } = {
    x: p,
    residual: Number.POSITIVE_INFINITY,
    rounding: Number.POSITIVE_INFINITY,
  };
  for (let iteration = 0; iteration < 200; iteration++) {
    const b = products.map((product) => level - product);
    const solution = nonNegative(method, square, b, g0 + radius, passive);
    const length = norm(n, g, solution.x);
    const x = solution.x.map((value) => value * (length > 0 ? radius / length : 1));
    const found = certificate(square, norms, products, g0, radius, x);
    if (found.residual < best.residual) best = { x, ...found };
    if (best.residual < 1e-14) break;

    if (length < radius) low = level;
    else high = level;
    passive = solution.passive;
    const next = nextLevel(n, g, products, radius, solution);
    if (next === level) break;
    level = next > low && next < high ? next : high < Number.POSITIVE_INFINITY ? (low + high) / 2 : 2 * level;
  }
  if (!(best.residual < Math.max(1e-6, best.rounding)))
    throw new ConvergenceError(method, 'a residual below 1e-6', best.residual);
  return { weights: plus(best.x), residual: best.residual };
}

interface Certificate {
  /** How much some h_i = <g_i, d> falls below their common value where x_i > 0, or differs from it among these. */
  readonly residual: number;
  /** What rounding of the Gramian makes of it: near stationary points the terms of |J^T x|^2 cancel. */
  readonly rounding: number;
}

/** Where |J^T (v rise - base)| = radius on this passive set: the larger root. */
function nextLevel(
  n: number,
  g: Float64Array,
  products: Float64Array,
  radius: number,
  { solve }: ReturnType<typeof nonNegative>,
): number {
  const rise = solve(new Float64Array(n).fill(1));
  const base = solve(products);
  const risen = multiply(n, g, rise);
  const a = dot(rise, risen);
  const b = dot(base, risen);
  const rest = dot(base, multiply(n, g, base)) - radius * radius;
  return (b + Math.sqrt(Math.max(b * b - a * rest, 0))) / a;
}

function certificate(
  { n, values: g, epsilon }: Square,
  norms: Float64Array,
  products: Float64Array,
  g0: number,
  radius: number,
  x: Float64Array,
): Certificate {
  const total = x.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) return { residual: Number.POSITIVE_INFINITY, rounding: 0 };
  const h = multiply(n, g, x).map((value, i) => value + products[i]!);
  const level = dot(x, h) / total;
  let residual = 0;
  for (let i = 0; i < n; i++) {
    const gap = x[i]! > 0 ? Math.abs(level - h[i]!) : level - h[i]!;
    if (norms[i]! > 0) residual = Math.max(residual, gap / norms[i]!);
  }
  return {
    residual: residual / (g0 + radius),
    rounding: 64 * n * epsilon * (1 + dot(x, norms) / radius) ** 2,
  };
}

function norm(n: number, g: Float64Array, x: Float64Array): number {
  return Math.sqrt(Math.max(dot(x, multiply(n, g, x)), 0));
}
