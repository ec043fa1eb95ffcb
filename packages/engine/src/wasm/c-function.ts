import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { emscripten } from './heap.js';

/** How an argument reaches C: an array is copied for the time of the call. */
type Parameter = 'number' | 'array';

/** A C function of the WASM module, wrapped once a backend. */
export function cFunction<Arguments extends unknown[]>(
  name: string,
  parameters: readonly Parameter[],
): (backend: BackendWasm) => (...values: Arguments) => void {
  const wrapped = new WeakMap<BackendWasm, (...values: Arguments) => void>();
  return (backend) => {
    const known = wrapped.get(backend);
    if (known !== undefined) return known;
    const made = emscripten(backend).cwrap(name, null, [...parameters]);
    wrapped.set(backend, made);
    return made;
  };
}

/** A tensor as C takes it: where it is, its shape, and its rank. */
export const tensorParameters = ['number', 'array', 'number'] as const;
