import type { Gramian } from '../aggregator.js';
import { ConvergenceError } from '../errors.js';
import { dot } from '../vector.js';
import { spectrum } from './tridiagonal.js';

/** G = sum_k values[k] vectors[k] vectors[k]^T over its rank, largest value first. */
interface Eigen {
  readonly values: readonly number[];
  readonly vectors: readonly Float64Array[];
}

/** What becomes of each eigenvalue, given all that are not 0, largest first. */
type Transform = (values: readonly number[]) => (value: number) => number;

/** A function of a Gramian over its rank, applied to x: sum_k f(values[k]) vectors[k] (vectors[k]^T x). */
export function applyFunction(
  method: string,
  gramian: Gramian,
  x: Float64Array,
  transform: Transform,
): Float64Array {
  return applyWellConditioned(gramian, x, transform) ?? applyAny(method, gramian, x, transform);
}

/**
 * Where all eigenvalues are near enough to the largest one to be exact in relation to themselves, and the rank is beyond
 * doubt, the quick way does. `64 n epsilon` is what `factor` takes for rank.
 */
function applyWellConditioned(gramian: Gramian, x: Float64Array, transform: Transform) {
  const found = spectrum(gramian, x);
  if (!found) return undefined;
  const { values, coordinates, restore } = found;
  const least = Math.max(1e-5, 64 * gramian.n * gramian.epsilon) * Math.max(...values);
  // Also false where something overflowed.
  if (!(Math.min(...values) > least)) return undefined;
  const f = transform(Array.from(values).sort((a, b) => b - a));
  return restore(coordinates.map((coordinate, k) => f(values[k]!) * coordinate));
}

function applyAny(method: string, gramian: Gramian, x: Float64Array, transform: Transform): Float64Array {
  const { values, vectors } = eigen(method, gramian);
  const f = transform(values);
  const result = new Float64Array(x.length);
  vectors.forEach((vector, k) => {
    const factor = f(values[k]!) * dot(vector, x);
    for (let i = 0; i < x.length; i++) result[i]! += factor * vector[i]!;
  });
  return result;
}

/**
 * The non-zero eigenvalues of a Gramian. The rank is that of the unit gradients, so it does not depend on the
 * scales of the tasks: a Cholesky factorisation with pivoting of D^-1 G D^-1 = L L^T, D = diag(|g_i|). One-sided
 * Jacobi rotations then make the columns of D L orthogonal, which keeps small eigenvalues exact in relation to
 * themselves, not to the largest one (Demmel and Veselic 1992).
 */
function eigen(method: string, { n, values: g, epsilon }: Gramian): Eigen {
  const columns = factor(n, g, epsilon);
  orthogonalise(method, n, columns);
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

function orthogonalise(method: string, n: number, columns: readonly Float64Array[]): void {
  for (let sweep = 0, rotated = true; rotated; sweep++) {
    if (sweep === 60) throw new ConvergenceError(method, 'orthogonal eigenvectors within 60 sweeps', sweep);
    rotated = false;
    const squares = Float64Array.from(columns, (column) => dot(column, column));
    for (let p = 0; p < columns.length; p++)
      for (let q = p + 1; q < columns.length; q++) {
        const a = columns[p]!;
        const b = columns[q]!;
        const product = dot(a, b);
        if (Math.abs(product) <= 4 * Number.EPSILON * Math.sqrt(squares[p]! * squares[q]!)) continue;
        rotated = true;
        const slope = (squares[q]! - squares[p]!) / (2 * product);
        const tangent = (slope < 0 ? -1 : 1) / (Math.abs(slope) + Math.sqrt(1 + slope * slope));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        const sine = cosine * tangent;
        for (let i = 0; i < n; i++) {
          const ai = a[i]!;
          const bi = b[i]!;
          a[i] = cosine * ai - sine * bi;
          b[i] = sine * ai + cosine * bi;
        }
        squares[p] = moved(squares[p]!, -tangent * product, a);
        squares[q] = moved(squares[q]!, tangent * product, b);
      }
  }
}

/** The square of a column after a rotation that changed it by so much; computed anew where that cancels. */
function moved(square: number, change: number, column: Float64Array): number {
  return change > -square / 2 ? square + change : dot(column, column);
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
