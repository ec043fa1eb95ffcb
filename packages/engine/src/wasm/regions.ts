import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/** A stretch of float32 values on the heap: a tensor's, or a part of them. */
export interface Region {
  /** Where it begins, in elements of the heap. */
  readonly start: number;
  readonly size: number;
}

/** The backend counts its own tensors from 1; ours count down from the top, so that the two never meet. */
const lastId = 0x7fffffff;
let nextId = lastId;

/**
 * Gives regions of the heap ids, as if each were a tensor of its own, for the backend's compiled functions. The ids
 * are good until `use` returns or throws; no memory is freed with them.
 */
export function withRegions(
  backend: BackendWasm,
  regions: readonly Region[],
  use: (...ids: number[]) => void,
): void {
  const ids = regions.map(({ start, size }) => {
    const id = nextId;
    nextId = id > lastId - 0x10000000 ? id - 1 : lastId;
    backend.wasm.tfjs.registerTensor(id, size, start * Float32Array.BYTES_PER_ELEMENT);
    return id;
  });
  try {
    use(...ids);
  } finally {
    for (const id of ids) backend.wasm.tfjs.disposeData(id);
  }
}
