import type { Gramian } from '../aggregator.js';
import { dot } from '../vector.js';

/** G = sum_k values[k] vectors[k] vectors[k]^T over its rank, largest value first. */
interface Eigen {
  readonly values: readonly number[];
  readonly vectors: readonly Float64Array[];
}

/**
 * The non-zero eigenvalues of a Gramian. The rank is that of the unit gradients, so it does not depend on the
 * scales of the tasks: a Cholesky factorisation with pivoting of D^-1 G D^-1 = L L^T, D = diag(|g_i|). One-sided
 * Jacobi rotations then make the columns of D L orthogonal, which keeps small eigenvalues exact in relation to
 * themselves, not to the largest one (Demmel and Veselic 1992).
 */
export function eigen({ n, values: g, epsilon }: Gramian): Eigen {
  const columns = factor(n, g, epsilon);
  orthogonalise(n, columns);
  return sorted(columns);
}

function factor(n: number, g: Float64Array, epsilon: number): Float64Array[] {
  const norm = Float64Array.from({ length: n }, (_, i) => Math.sqrt(g[i * n + i]!));
  const left = norm.map((value) => (value > 0 ? 1 : 0));
  const columns: Float64Array[] = [];
  while (columns.length < n) {
    let pivot = 0;
    for (let i = 1; i < n; i++) if (left[i]! > left[pivot]!) pivot = i;
    if (left[pivot]! <= 64 * n * epsilon) break;
    const root = Math.sqrt(left[pivot]!);
    const column = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      if (left[i]! <= 0) continue;
      let value = i === pivot ? left[i]! : g[i * n + pivot]! / (norm[i]! * norm[pivot]!);
      if (i !== pivot) for (const earlier of columns) value -= earlier[i]! * earlier[pivot]!;
      column[i] = value / root;
      left[i]! -= column[i]! ** 2;
    }
    left[pivot] = 0;
    columns.push(column);
  }
  for (const column of columns) for (let i = 0; i < n; i++) column[i]! *= norm[i]!;
  return columns;
}

function orthogonalise(n: number, columns: readonly Float64Array[]): void {
  const squares = Float64Array.from(columns, (column) => dot(column, column));
  for (let sweep = 0, rotated = true; rotated && sweep < 60; sweep++) {
    rotated = false;
    for (let p = 0; p < columns.length; p++)
      for (let q = p + 1; q < columns.length; q++) {
        const a = columns[p]!;
        const b = columns[q]!;
        const product = dot(a, b);
        if (Math.abs(product) <= 4 * Number.EPSILON * Math.sqrt(squares[p]! * squares[q]!)) continue;
        rotated = true;
        const slope = (squares[q]! - squares[p]!) / (2 * product);
        const tangent = (slope < 0 ? -1 : 1) / (Math.abs(slope) + Math.hypot(1, slope));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        const sine = cosine * tangent;
        for (let i = 0; i < n; i++) {
          const ai = a[i]!;
          const bi = b[i]!;
          a[i] = cosine * ai - sine * bi;
          b[i] = sine * ai + cosine * bi;
        }
        squares[p] = dot(a, a);
        squares[q] = dot(b, b);
      }
  }
}

function sorted(columns: readonly Float64Array[]): Eigen {
  const pairs = columns
    .map((column) => ({ column, value: dot(column, column) }))
    .sort((a, b) => b.value - a.value);
  return {
    values: pairs.map(({ value }) => value),
    vectors: pairs.map(({ column, value }) => column.map((entry) => entry / Math.sqrt(value))),
  };
}

/** sum_k transform(values[k]) vectors[k] (vectors[k]^T x): a function of the matrix applied to x. */
export function applyTo(
  { values, vectors }: Eigen,
  transform: (value: number) => number,
  x: Float64Array,
): Float64Array {
  const result = new Float64Array(x.length);
  vectors.forEach((vector, k) => {
    const factor = transform(values[k]!) * dot(vector, x);
    for (let i = 0; i < x.length; i++) result[i]! += factor * vector[i]!;
  });
  return result;
}
