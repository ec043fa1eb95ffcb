import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { EngineError } from '../errors.js';
import { emscripten } from './heap.js';
import { ofOneThread, ofSharedMemory } from './simd-modules.js';

/** The functions of simd/, which work on the backend's memory; addresses are in bytes. */
export interface Simd {
  filterGradient(
    depthwise: boolean,
    x: number,
    dy: number,
    sums: number,
    offsets: number,
    spread: number,
    padded: number,
    widened: number,
    batch: number,
    height: number,
    width: number,
    inChannels: number,
    outHeight: number,
    outWidth: number,
    outChannels: number,
    taps: number,
    strideHeight: number,
    strideWidth: number,
    top: number,
    left: number,
    rows: number,
    pitch: number,
    xWide: number,
    wide: number,
  ): void;
  convolutionInputGradient(
    dy: number,
    weights: number,
    dx: number,
    offsets: number,
    whole: number,
    zeros: number,
    batch: number,
    height: number,
    width: number,
    inChannels: number,
    outHeight: number,
    outWidth: number,
    outChannels: number,
    vectors: number,
    strideHeight: number,
    strideWidth: number,
    top: number,
    left: number,
    rows: number,
    pitch: number,
  ): void;
  depthwiseInputGradient(
    dy: number,
    weights: number,
    dx: number,
    offsets: number,
    whole: number,
    widened: number,
    batch: number,
    height: number,
    width: number,
    inChannels: number,
    outHeight: number,
    outWidth: number,
    outChannels: number,
    wide: number,
    taps: number,
    strideHeight: number,
    strideWidth: number,
    top: number,
    left: number,
    rows: number,
    pitch: number,
  ): void;
}

const instances = new WeakMap<BackendWasm, Simd>();

/** @throws EngineError where the host's WebAssembly has no vectors. */
export function simd(backend: BackendWasm): Simd {
  const known = instances.get(backend);
  if (known !== undefined) return known;
  const { asm, wasmMemory } = emscripten(backend);
  // The backend's module with threads is given its memory; the other ones make theirs.
  const made =
    wasmMemory === undefined ? simdOn(ofOneThread, asm.memory) : simdOn(ofSharedMemory, wasmMemory);
  instances.set(backend, made);
  return made;
}

/** @param module Its bytes in base64. */
export function simdOn(module: string, memory: WebAssembly.Memory): Simd {
  const bytes = Uint8Array.from(atob(module), (character) => character.charCodeAt(0));
  if (!WebAssembly.validate(bytes)) {
    throw new EngineError(
      'wasm',
      'the WebAssembly of this host has no SIMD, which the gradients of convolutions need',
      'Use a browser of 2023 or later, or Node 20 or later.',
    );
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return exports as unknown as Simd;
}
