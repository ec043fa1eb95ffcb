import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threads from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import * as tf from '@tensorflow/tfjs-core';

export const engines = {
  wasm: 'WebAssembly',
  webgpu: 'WebGPU',
} as const;
export type EngineName = keyof typeof engines;

/** The engines that this browser has. For a network as small as this one, WebAssembly is the faster. */
export async function availableEngines(): Promise<EngineName[]> {
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<object | null> } }).gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  return adapter == null ? ['wasm'] : ['wasm', 'webgpu'];
}

/** @returns whether it starts. Tensors of the engine before have to be disposed of. */
export async function useEngine(name: EngineName): Promise<boolean> {
  if (name === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
  else {
    setWasmPaths({
      'tfjs-backend-wasm.wasm': plain,
      'tfjs-backend-wasm-simd.wasm': simd,
      'tfjs-backend-wasm-threaded-simd.wasm': threads,
    });
  }
  return (await tf.setBackend(name)) && tf.getBackend() === name;
}
