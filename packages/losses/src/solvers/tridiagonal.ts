import type { Square } from '../aggregator.js';
import { dot } from '../vector.js';

/** A symmetric matrix as Q T Q^T: Q the product of the reflections I - 2 v v^T, T tridiagonal. */
interface Tridiagonal {
  readonly reflections: readonly Float64Array[];
  readonly diagonal: Float64Array;
  readonly offDiagonal: Float64Array;
}

/** The eigenvalues of a symmetric matrix, and a vector in the coordinates of its eigenvectors. */
interface Spectrum {
  readonly values: Float64Array;
  readonly coordinates: Float64Array;
  /** From those coordinates back. */
  restore(coordinates: Float64Array): Float64Array;
}

/**
 * Eigenvalues by Householder's reflections and QL steps with implicit shifts (Golub and Van Loan, 8.3). Eigenvectors are
 * never formed: a vector goes through the rotations, and back through them, which leaves the tridiagonal form as the only
 * work of third order. Eigenvalues are exact relative to the largest. Returns undefined where the steps do not converge.
 */
export function spectrum(square: Square, x: Float64Array): Spectrum | undefined {
  const { reflections, diagonal, offDiagonal } = tridiagonal(square);
  const coordinates = x.slice();
  for (const v of reflections) reflect(coordinates, v);
  const rotations = diagonalise(diagonal, offDiagonal, coordinates);
  return (
    rotations && {
      values: diagonal,
      coordinates,
      restore(from) {
        const result = from.slice();
        for (let k = rotations.length - 3; k >= 0; k -= 3)
          rotate(result, rotations[k]!, rotations[k + 1]!, -rotations[k + 2]!);
        for (const v of reflections.toReversed()) reflect(result, v);
        return result;
      },
    }
  );
}

function reflect(x: Float64Array, v: Float64Array): void {
  const twice = 2 * dot(v, x);
  for (let i = 0; i < x.length; i++) x[i]! -= twice * v[i]!;
}

function rotate(x: Float64Array, i: number, cosine: number, sine: number): void {
  const before = x[i]!;
  const after = x[i + 1]!;
  x[i] = cosine * before - sine * after;
  x[i + 1] = sine * before + cosine * after;
}

function tridiagonal({ n, values }: Square): Tridiagonal {
  const rows = Array.from({ length: n }, (_, i) => values.slice(i * n, i * n + n));
  const reflections: Float64Array[] = [];
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const column = rows[k]!;
    diagonal[k] = column[k]!;
    if (k === n - 1) break;
    const v = column.slice();
    v.fill(0, 0, k + 1);
    const length = Math.sqrt(dot(v, v));
    // What the column becomes: of the other sign than its first entry, so that nothing cancels.
    const end = v[k + 1]! > 0 ? -length : length;
    offDiagonal[k] = end;
    v[k + 1]! -= end;
    const size = Math.sqrt(dot(v, v));
    if (size === 0) continue;
    for (let i = k + 1; i < n; i++) v[i]! /= size;
    reflections.push(v);

    // H A H = A - v w^T - w v^T on what is left of A.
    const w = new Float64Array(n);
    for (let i = k + 1; i < n; i++) w[i] = 2 * dot(rows[i]!, v);
    const along = dot(w, v);
    for (let i = k + 1; i < n; i++) w[i]! -= along * v[i]!;
    for (let i = k + 1; i < n; i++) {
      const row = rows[i]!;
      const vi = v[i]!;
      const wi = w[i]!;
      for (let j = k + 1; j < n; j++) row[j]! -= vi * w[j]! + wi * v[j]!;
    }
  }
  return { reflections, diagonal, offDiagonal };
}

/** Makes `d` the eigenvalues; returns the rotations as triples (index, cosine, sine), which `x` has gone through. */
function diagonalise(d: Float64Array, e: Float64Array, x: Float64Array): number[] | undefined {
  const n = d.length;
  const rotations: number[] = [];
  for (let l = 0; l < n; l++) {
    for (let iteration = 0; ; iteration++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) m++;
      if (m === l) break;
      if (iteration === 60) return undefined;
      const slope = (d[l + 1]! - d[l]!) / (2 * e[l]!);
      let g = d[m]! - d[l]! + e[l]! / (slope + (slope < 0 ? -1 : 1) * Math.sqrt(1 + slope * slope));
      let sine = 1;
      let cosine = 1;
      let shift = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = sine * e[i]!;
        const b = cosine * e[i]!;
        const r = Math.sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r === 0) break;
        sine = f / r;
        cosine = g / r;
        g = d[i + 1]! - shift;
        const change = (d[i]! - g) * sine + 2 * cosine * b;
        shift = sine * change;
        d[i + 1] = g + shift;
        g = cosine * change - b;
        rotate(x, i, cosine, sine);
        rotations.push(i, cosine, sine);
      }
      if (i >= l) d[i + 1]! -= shift;
      else {
        d[l]! -= shift;
        e[l] = g;
      }
      e[m] = 0;
    }
  }
  return rotations;
}
