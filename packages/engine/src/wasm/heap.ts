import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type TensorInfo, util } from '@tensorflow/tfjs-core';

/** Where a tensor's values begin on the heap, in bytes: good until the next allocation. */
export function address(backend: BackendWasm, tensor: TensorInfo): number {
  return backend.getMemoryOffset(tensor.dataId);
}

/**
 * Where a tensor's float32 values begin on the heap, in elements of {@link heap}.
 * Both are good until the next allocation, which may move the heap.
 */
export function start(backend: BackendWasm, tensor: TensorInfo): number {
  return address(backend, tensor) >>> 2;
}

/** The whole heap as float32: one array for all tensors is what a JavaScript engine optimises best. */
export function heap(backend: BackendWasm): Float32Array {
  return emscripten(backend).HEAPF32;
}

/** Sets all values of a float32 tensor to 0. */
export function clear(backend: BackendWasm, tensor: TensorInfo): void {
  const from = start(backend, tensor);
  heap(backend).fill(0, from, from + util.sizeFromShape(tensor.shape));
}

/** The part of the compiled module that the backend's types leave to `@types/emscripten`. */
export interface EmscriptenModule {
  readonly HEAPF32: Float32Array;
  readonly asm: { readonly memory: WebAssembly.Memory };
  /** Of the module with threads. */
  readonly wasmMemory?: WebAssembly.Memory;
  cwrap(name: string, returns: null, parameters: ('number' | 'array')[]): (...values: unknown[]) => void;
}

export function emscripten(backend: BackendWasm): EmscriptenModule {
  return backend.wasm as unknown as EmscriptenModule;
}

/**
 * Working memory: tensors of float32 that are gone when `work` returns or throws. Not cleared.
 *
 * @param sizes How many values each.
 */
export function withScratch<Result>(
  backend: BackendWasm,
  sizes: readonly number[],
  work: (...scratch: TensorInfo[]) => Result,
): Result {
  const scratch: TensorInfo[] = [];
  try {
    for (const size of sizes) scratch.push(backend.makeOutput([size], 'float32'));
    return work(...scratch);
  } finally {
    for (const { dataId } of scratch) backend.disposeData(dataId);
  }
}

/** An output that is given back when `fill` throws. Not cleared. */
export function makeOutput(
  backend: BackendWasm,
  shape: number[],
  fill: (output: TensorInfo) => void,
): TensorInfo {
  const output = backend.makeOutput(shape, 'float32');
  try {
    fill(output);
    return output;
  } catch (error) {
    backend.disposeData(output.dataId);
    throw error;
  }
}

/** Columns that are read in one go: enough for the cache lines written to be full, few enough to stay cached. */
const block = 16;

/**
 * Writes a matrix the other way round.
 *
 * @param values The heap.
 * @param from Where the matrix of `rows` x `columns` begins.
 * @param to Where the matrix of `columns` x `rows` goes.
 */
export function transpose(
  values: Float32Array,
  from: number,
  to: number,
  rows: number,
  columns: number,
): void {
  for (let first = 0; first < rows; first += block) {
    const last = Math.min(first + block, rows);
    for (let column = 0; column < columns; column++) {
      let source = from + first * columns + column;
      const target = to + column * rows;
      for (let row = first; row < last; row++, source += columns) values[target + row] = values[source]!;
    }
  }
}
