import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { getKernel, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';

/** Runs another kernel of the backend; its result is the caller's to dispose. */
export function call(
  backend: BackendWasm,
  kernelName: string,
  inputs: Record<string, TensorInfo>,
  attrs: NamedAttrMap,
): TensorInfo {
  const result = getKernel(kernelName, 'wasm').kernelFunc({ inputs, attrs, backend });
  return Array.isArray(result) ? result[0]! : result;
}

/** The same values under another shape, for {@link call}: shares the data, so is not to be disposed. */
export function reshaped({ dataId, dtype }: TensorInfo, shape: number[]): TensorInfo {
  return { dataId, dtype, shape };
}
