import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { cFunction, tensorParameters } from './c-function.js';
import { withRegions } from './regions.js';

/** A matrix of float32 somewhere on the heap, row by row without gaps: a tensor, or a part of one. */
export interface Matrix {
  /** Where it begins, in elements of the heap. */
  readonly start: number;
  readonly rows: number;
  readonly columns: number;
}

/** The C function behind tfjs's BatchMatMul: with one batch and nothing transposed it is XNNPACK's, else a plain loop. */
type BatchMatMul = (
  a: number,
  aShape: Uint8Array,
  aRank: number,
  b: number,
  bShape: Uint8Array,
  bRank: number,
  transposeA: boolean,
  transposeB: boolean,
  output: number,
) => void;

const batchMatMulOf = cFunction<Parameters<BatchMatMul>>('BatchMatMul', [
  ...tensorParameters,
  ...tensorParameters,
  'number',
  'number',
  'number',
]);

/**
 * Multiplies several matrices by one: `output = a · b`.
 *
 * XNNPACK rearranges `b` before it multiplies; all products that `work` asks for share that, so `b` must not change
 * until `work` returns. XNNPACK allocates: take the heap anew after every product.
 *
 * @param work Is given the function that multiplies.
 */
export function multiplyBy(
  backend: BackendWasm,
  b: Matrix,
  work: (multiply: (a: Matrix, output: number) => void) => void,
): void {
  const batchMatMul = batchMatMulOf(backend);
  const region = ({ start, rows, columns }: Matrix) => ({ start, size: rows * columns });
  withRegions(backend, [region(b)], (bId) => {
    work((a, output) => {
      const result = { start: output, size: a.rows * b.columns };
      withRegions(backend, [region(a), result], (aId, outputId) => {
        batchMatMul(aId, shapeBytes(a), 3, bId, shapeBytes(b), 3, false, false, outputId);
      });
    });
  });
}

function shapeBytes({ rows, columns }: Matrix): Uint8Array {
  return new Uint8Array(new Int32Array([1, rows, columns]).buffer);
}
