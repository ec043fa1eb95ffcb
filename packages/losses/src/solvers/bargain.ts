import { ConvergenceError, DegenerateError } from '../errors.js';
import { minNorm, multiply } from './minNorm.js';

/**
 * w > 0 with (G w)_i = w_i^-p, p > 0: Nash-MTL for p = 1, alpha-fairness for p = 1 / alpha.
 *
 * It is the minimum of the strictly convex 1/2 w^T G w - sum_i F(w_i), F' = w^-p, found by Newton's method with a
 * line search on b_i = |g_i| w_i, where C = D^-1 G D^-1 has a unit diagonal: (C b)_i = k_i b_i^-p,
 * k_i = |g_i|^(p - 1). There is no solution if a convex combination of the gradients is 0.
 */
export function bargain(method: string, n: number, g: Float64Array, p: number) {
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
  const trial = new Float64Array(n);
  /** With t = b^-p in units of C b: r_i = 1 - b_i^p (C b)_i / k_i. */
  const relative = (products: Float64Array) => {
    let largest = 0;
    for (let i = 0; i < n; i++)
      largest = Math.max(largest, Math.abs(1 - (products[i]! * b[i]! ** p) / k[i]!));
    return largest;
  };

  let products = multiply(n, c, b);
  let residual = relative(products);
  let best = residual;
  const bestB = b.slice();
  for (let iteration = 0; iteration < 500; iteration++) {
    // In steps relative to b: (B C B + p diag(k b^(1-p))) e = k b^(1-p) - b (C b), delta = b e.
    for (let i = 0; i < n; i++) {
      const pull = k[i]! * b[i]! ** (1 - p);
      for (let j = 0; j <= i; j++) hessian[i * n + j] = b[i]! * c[i * n + j]! * b[j]!;
      hessian[i * n + i]! += p * pull;
      delta[i] = pull - b[i]! * products[i]!;
    }
    let slope = 0;
    const gradient = delta.slice();
    choleskySolve(n, hessian, delta);
    for (let i = 0; i < n; i++) slope += gradient[i]! * delta[i]!;

    let step = 1;
    for (let i = 0; i < n; i++) if (delta[i]! < 0) step = Math.min(step, -0.95 / delta[i]!);
    for (; ; step /= 2) {
      for (let i = 0; i < n; i++) trial[i] = b[i]! * (1 + step * delta[i]!);
      const next = multiply(n, c, trial);
      // The convex objective is not computed: its slope along the step must not have become strongly positive.
      let ahead = 0;
      for (let i = 0; i < n; i++) ahead += b[i]! * delta[i]! * (k[i]! * trial[i]! ** -p - next[i]!);
      if (ahead >= -0.5 * slope || step < 1e-12) {
        products = next;
        break;
      }
    }
    b.set(trial);
    residual = relative(products);
    if (residual < best) {
      best = residual;
      bestB.set(b);
    } else if (best < 1e-9) break;
    if (!(Math.max(...b) < 1e150)) break;
  }
  if (!(best < 1e-6)) refuse(method, n, c, best);
  return { weights: bestB.map((value, i) => value / norm[i]!), residual: best };
}

function refuse(method: string, n: number, c: Float64Array, residual: number): never {
  const { squaredNorm } = minNorm(method, n, c);
  if (squaredNorm < 1e-12)
    throw new DegenerateError(
      method,
      'a common descent direction',
      `a Pareto-stationary point: unit gradients with a convex combination of norm ${Math.sqrt(squaredNorm)}`,
    );
  throw new ConvergenceError(method, 'a residual below 1e-6', residual);
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
