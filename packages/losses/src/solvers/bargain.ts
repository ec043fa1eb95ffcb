import type { Square } from '../aggregator.js';
import { ConvergenceError, DegenerateError } from '../errors.js';
import { multiply } from '../vector.js';
import { minNorm } from './minNorm.js';

/**
 * w > 0 with (G w)_i = w_i^-p, p > 0: Nash-MTL for p = 1, alpha-fairness for p = 1 / alpha.
 *
 * It is the minimum of the strictly convex 1/2 w^T G w - sum_i F(w_i), F' = w^-p, found by Newton's method with a
 * line search on b_i = |g_i| w_i, where C = D^-1 G D^-1 has a unit diagonal: (C b)_i = k_i b_i^-p,
 * k_i = |g_i|^(p - 1). There is no solution if a convex combination of the gradients is 0.
 */
export function bargain(method: string, { n, values: g, epsilon }: Square, p: number) {
  const norm = Float64Array.from({ length: n }, (_, i) => Math.sqrt(g[i * n + i]!));
  const zero = norm.indexOf(0);
  if (zero >= 0)
    throw new DegenerateError(method, 'no gradient to be zero (leave the task out)', `zero row ${zero}`);
  const c = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) c[i * n + j] = g[i * n + j]! / (norm[i]! * norm[j]!);
  const k = norm.map((value) => value ** (p - 1));
  const b = k.map((value) => value ** (1 / (1 + p)));

  const hessian = new Float64Array(n * n);
  const delta = new Float64Array(n);
  const gradient = new Float64Array(n);
  const trial = new Float64Array(n);
  let products = multiply(n, c, b);
  let { residual, rounding } = measure(n, c, k, p, b, products);
  const best = { b: b.slice(), residual, rounding };
  for (let iteration = 0; iteration < 500; iteration++) {
    // In steps relative to b: (B C B + p diag(k b^(1-p))) e = k b^(1-p) - b (C b), delta = b e.
    for (let i = 0; i < n; i++) {
      const pull = k[i]! * b[i]! ** (1 - p);
      for (let j = 0; j <= i; j++) hessian[i * n + j] = b[i]! * c[i * n + j]! * b[j]!;
      hessian[i * n + i]! += p * pull;
      delta[i] = pull - b[i]! * products[i]!;
    }
    let slope = 0;
    gradient.set(delta);
    choleskySolve(n, hessian, delta);
    for (let i = 0; i < n; i++) slope += gradient[i]! * delta[i]!;

    let step = 1;
    let longest = 0;
    for (let i = 0; i < n; i++) {
      longest = Math.max(longest, Math.abs(delta[i]!));
      if (delta[i]! < 0) step = Math.min(step, -0.95 / delta[i]!);
    }
    // No b_i changes by more than this part: the Hessian stays within a factor of 2, and the step descends.
    const safe = 0.5 / ((1 + p) * longest);
    for (; ; step /= 2) {
      for (let i = 0; i < n; i++) trial[i] = b[i]! * (1 + step * delta[i]!);
      const next = multiply(n, c, trial);
      // The convex objective is not computed: its slope along the step must not have become strongly positive.
      let ahead = 0;
      for (let i = 0; i < n; i++) ahead += b[i]! * delta[i]! * (k[i]! * trial[i]! ** -p - next[i]!);
      if (ahead >= -0.5 * slope || !(step > safe)) {
        products = next;
        break;
      }
    }
    b.set(trial);
    ({ residual, rounding } = measure(n, c, k, p, b, products));
    if (!Number.isFinite(residual)) break;
    if (rounding < best.rounding) {
      best.b.set(b);
      best.residual = residual;
      best.rounding = rounding;
    } else if (best.rounding < 1e-13) break;
  }
  const { b: solution, residual: reached } = best;
  const solved = reached < 1e-6 || best.rounding < 1e-12;
  if (!solved || isCancelled({ n, values: c, epsilon }, solution))
    refuse(method, { n, values: c, epsilon }, reached);
  return { weights: solution.map((value, i) => value / norm[i]!), residual: reached };
}

/**
 * The largest relative error of (C b)_i = k_i b_i^-p, and the largest error relative to the terms of (C b)_i, which
 * rounding cannot be smaller than: with gradients of very different lengths the terms may cancel.
 */
function measure(
  n: number,
  c: Float64Array,
  k: Float64Array,
  p: number,
  b: Float64Array,
  products: Float64Array,
) {
  let residual = 0;
  let rounding = 0;
  for (let i = 0; i < n; i++) {
    const target = k[i]! * b[i]! ** -p;
    let terms = target;
    for (let j = 0; j < n; j++) terms += Math.abs(c[i * n + j]!) * b[j]!;
    const error = Math.abs(products[i]! - target);
    residual = Math.max(residual, error / target);
    rounding = Math.max(rounding, error / terms);
  }
  return { residual, rounding };
}

/** Where a convex combination is 0 up to rounding, what looks like a solution is made of it: |sum b_i u_i| is nothing. */
function isCancelled({ n, values: c, epsilon }: Square, b: Float64Array): boolean {
  let total = 0;
  let square = 0;
  for (let i = 0; i < n; i++) {
    total += b[i]!;
    for (let j = 0; j < n; j++) square += b[i]! * c[i * n + j]! * b[j]!;
  }
  return square <= 64 * epsilon * total * total;
}

function refuse(method: string, cosines: Square, residual: number): never {
  const { squaredNorm } = minNorm(method, cosines);
  if (squaredNorm > 64 * cosines.n * cosines.epsilon)
    throw new ConvergenceError(method, 'a residual below 1e-6', residual);
  throw new DegenerateError(
    method,
    'a common descent direction',
    `a Pareto-stationary point (a convex combination of the unit gradients has norm ${Math.sqrt(squaredNorm)})`,
  );
}

/** Solves H x = b in place for a positive definite H given by its lower triangle, which is overwritten. */
function choleskySolve(n: number, h: Float64Array, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      let value = h[i * n + j]!;
      for (let s = 0; s < j; s++) value -= h[i * n + s]! * h[j * n + s]!;
      h[i * n + j] = value / h[j * n + j]!;
    }
    let pivot = h[i * n + i]!;
    for (let s = 0; s < i; s++) pivot -= h[i * n + s]! ** 2;
    h[i * n + i] = Math.sqrt(Math.max(pivot, Number.MIN_VALUE));
    let value = b[i]!;
    for (let s = 0; s < i; s++) value -= h[i * n + s]! * b[s]!;
    b[i] = value / h[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let value = b[i]!;
    for (let s = i + 1; s < n; s++) value -= h[s * n + i]! * b[s]!;
    b[i] = value / h[i * n + i]!;
  }
}
