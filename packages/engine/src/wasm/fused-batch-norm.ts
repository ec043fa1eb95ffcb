import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  FusedBatchNorm,
  type FusedBatchNormAttrs,
  type KernelFunc,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { call, reshaped } from './call.js';
import { heap, start, withScratch } from './heap.js';
import { kernel, type WasmKernel } from './kernel.js';

interface BatchNormInputs {
  readonly x: TensorInfo;
  readonly mean: TensorInfo;
  readonly variance: TensorInfo;
  readonly offset?: TensorInfo;
  readonly scale?: TensorInfo;
}

/**
 * `(x - mean) / sqrt(variance + epsilon) * scale + offset`, where the statistics are one value a channel; the stock
 * kernel, which takes other shapes too, is left those. The mean goes first: folded into the offset it would cost
 * digits wherever it is large beside the deviation.
 */
export function fusedBatchNorm(stock: KernelFunc): WasmKernel {
  return kernel<BatchNormInputs, FusedBatchNormAttrs>(FusedBatchNorm, ({ inputs, attrs, backend }) => {
    const { x, mean, variance, offset, scale } = inputs;
    const channels = x.shape.at(-1) ?? 0;
    const statistics = [mean, variance, offset, scale].filter((values) => values !== undefined);
    if (
      x.dtype !== 'float32' ||
      channels === 0 ||
      statistics.some(({ shape }) => shape.at(-1) !== channels || util.sizeFromShape(shape) !== channels)
    ) {
      const result = stock({ inputs: { ...inputs }, attrs: { ...attrs }, backend });
      return Array.isArray(result) ? result[0]! : result;
    }
    return withScratch(backend, [channels], (factors) => {
      const values = heap(backend);
      const into = start(backend, factors);
      const spread = start(backend, variance);
      const scaling = scale === undefined ? undefined : start(backend, scale);
      for (let channel = 0; channel < channels; channel++) {
        const deviation = Math.sqrt(values[spread + channel]! + attrs.varianceEpsilon);
        values[into + channel] = (scaling === undefined ? 1 : values[scaling + channel]!) / deviation;
      }
      const centred = call(backend, 'Sub', { a: x, b: reshaped(mean, [channels]) }, {});
      const scaled = thenDispose(backend, centred, (a) => call(backend, 'Multiply', { a, b: factors }, {}));
      if (offset === undefined) return scaled;
      return thenDispose(backend, scaled, (a) =>
        call(backend, 'Add', { a, b: reshaped(offset, [channels]) }, {}),
      );
    });
  });
}

function thenDispose(
  backend: BackendWasm,
  input: TensorInfo,
  use: (input: TensorInfo) => TensorInfo,
): TensorInfo {
  try {
    return use(input);
  } finally {
    backend.disposeData(input.dataId);
  }
}
