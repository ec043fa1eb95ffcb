import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { emscripten } from './heap.js';

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

const compiled = new WeakMap<BackendWasm, BatchMatMul>();

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
  const batchMatMul = compile(backend);
  const bShape = shapeBytes(b);
  const bId = register(backend, b.start, b.rows * b.columns);
  try {
    work((a, output) => {
      const aId = register(backend, a.start, a.rows * a.columns);
      const outputId = register(backend, output, a.rows * b.columns);
      batchMatMul(aId, shapeBytes(a), 3, bId, bShape, 3, false, false, outputId);
      backend.wasm.tfjs.disposeData(aId);
      backend.wasm.tfjs.disposeData(outputId);
    });
  } finally {
    backend.wasm.tfjs.disposeData(bId);
  }
}

function compile(backend: BackendWasm): BatchMatMul {
  let batchMatMul = compiled.get(backend);
  if (batchMatMul === undefined) {
    const parameters = [
      'number',
      'array',
      'number',
      'number',
      'array',
      'number',
      'number',
      'number',
      'number',
    ] as const;
    batchMatMul = emscripten(backend).cwrap('BatchMatMul', null, [...parameters]);
    compiled.set(backend, batchMatMul);
  }
  return batchMatMul;
}

/** The backend counts its own tensors from 1; ours count down from the top, so that the two never meet. */
const lastId = 0x7fffffff;
let nextId = lastId;

/** Gives a stretch of the heap an id, as if it were a tensor of its own; disposing of the id frees no memory. */
function register(backend: BackendWasm, start: number, size: number): number {
  const id = nextId;
  nextId = id > lastId - 0x10000000 ? id - 1 : lastId;
  backend.wasm.tfjs.registerTensor(id, size, start * Float32Array.BYTES_PER_ELEMENT);
  return id;
}

function shapeBytes({ rows, columns }: Matrix): Uint8Array {
  return new Uint8Array(new Int32Array([1, rows, columns]).buffer);
}
