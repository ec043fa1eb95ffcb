import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { Cast, type CastAttrs, Identity, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import { kernel, type WasmKernel } from './kernel.js';

/** A tensor under a second name, as every saved input of a gradient is. The stock kernel copies its values. */
export const identity = kernel<{ x: TensorInfo }, undefined>(Identity, ({ inputs: { x }, backend }) =>
  share(backend, x),
);

/** A cast to the type that the tensor has already copies nothing either; others are the stock kernel's. */
export function cast(stock: KernelFunc): WasmKernel {
  return kernel<{ x: TensorInfo }, CastAttrs>(Cast, ({ inputs: { x }, attrs, backend }) => {
    if (x.dtype === attrs.dtype) return share(backend, x);
    const result = stock({ inputs: { x }, attrs: { ...attrs }, backend });
    return Array.isArray(result) ? result[0]! : result;
  });
}

function share(backend: BackendWasm, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}
