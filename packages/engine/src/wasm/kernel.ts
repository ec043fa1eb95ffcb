import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';

/** What a kernel is given. */
export interface KernelArguments<Inputs, Attributes> {
  readonly inputs: Inputs;
  readonly attrs: Attributes;
  readonly backend: BackendWasm;
}

/** A kernel under the name that tfjs calls it by. */
export interface WasmKernel {
  readonly kernelName: string;
  readonly kernelFunc: KernelFunc;
}

/** tfjs types all kernels alike, by maps of names; this is the one place where that is bridged. */
export function kernel<Inputs, Attributes>(
  kernelName: string,
  compute: (args: KernelArguments<Inputs, Attributes>) => TensorInfo,
): WasmKernel {
  return { kernelName, kernelFunc: compute as unknown as KernelFunc };
}
