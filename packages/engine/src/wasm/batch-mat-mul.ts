import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type BatchMatMulAttrs, broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { EngineError } from '../errors.js';
import { heap, makeOutput, start, transpose, withScratch } from './heap.js';
import { kernel } from './kernel.js';
import { multiplyBy } from './multiply.js';

/**
 * The product of matrices, or of two batches of them. The stock kernel has XNNPACK multiply one pair of matrices,
 * neither of them transposed; for a batch, and for the transposed products that every dense layer's gradients are,
 * it is a plain loop, ten times slower. This one writes what is to be transposed the other way round first, and
 * has XNNPACK multiply pair by pair.
 */
export const batchMatMul = kernel<{ a: TensorInfo; b: TensorInfo }, BatchMatMulAttrs>(
  'BatchMatMul',
  ({ inputs: { a, b }, attrs: { transposeA, transposeB }, backend }) => {
    const left = matrices(a, transposeA);
    const right = matrices(b, transposeB);
    if (a.dtype !== 'float32' || b.dtype !== 'float32') {
      throw new EngineError(
        'wasm',
        `matMul multiplies float32, not ${a.dtype} by ${b.dtype}`,
        'Cast both (tf.cast(x, "float32")).',
      );
    }
    if (left.columns !== right.rows) {
      throw new EngineError(
        'wasm',
        `matMul of shapes [${a.shape.join(', ')}] and [${b.shape.join(', ')}] with transposeA=${transposeA} and ` +
          `transposeB=${transposeB}: ${left.columns} columns do not meet ${right.rows} rows`,
        'The inner sizes must be equal.',
      );
    }
    const outer = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return makeOutput(backend, [...outer, left.rows, right.columns], (output) => {
      // Matrices that share the right one lie one below the other: one product.
      if (right.batch === 1 && !transposeA) {
        const tall = { batch: 1, rows: left.batch * left.rows, columns: left.columns };
        multiplyPairs(backend, a, tall, false, b, right, transposeB, output);
      } else {
        multiplyPairs(backend, a, left, transposeA, b, right, transposeB, output);
      }
    });
  },
);

interface Batch {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
}

function matrices({ shape }: TensorInfo, transposed: boolean): Batch {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const batch = util.sizeFromShape(shape.slice(0, -2));
  return transposed ? { batch, rows: columns, columns: rows } : { batch, rows, columns };
}

function multiplyPairs(
  backend: BackendWasm,
  a: TensorInfo,
  left: Batch,
  transposeA: boolean,
  b: TensorInfo,
  right: Batch,
  transposeB: boolean,
  output: TensorInfo,
): void {
  const leftSize = left.rows * left.columns;
  const rightSize = right.rows * right.columns;
  const scratch = [transposeA ? leftSize : 0, transposeB ? rightSize : 0];
  withScratch(backend, scratch, (leftScratch, rightScratch) => {
    const count = Math.max(left.batch, right.batch);
    for (let pair = 0; pair < count; pair++) {
      const leftStart = start(backend, a) + (pair % left.batch) * leftSize;
      const rightStart = start(backend, b) + (pair % right.batch) * rightSize;
      const values = heap(backend);
      if (transposeA) transpose(values, leftStart, start(backend, leftScratch), left.columns, left.rows);
      if (transposeB) transpose(values, rightStart, start(backend, rightScratch), right.columns, right.rows);
      multiplyBy(
        backend,
        { ...right, start: transposeB ? start(backend, rightScratch) : rightStart },
        (multiply) => {
          multiply(
            { ...left, start: transposeA ? start(backend, leftScratch) : leftStart },
            start(backend, output) + pair * left.rows * right.columns,
          );
        },
      );
    }
  });
}
