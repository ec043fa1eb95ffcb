import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { call, reshaped } from './call.js';
import { heap, start, withScratch } from './heap.js';
import { kernel, type WasmKernel } from './kernel.js';

/**
 * `x * factors + offsets`, one factor and one offset a channel: to XNNPACK a depthwise convolution with a filter of
 * one pixel, which it does as fast as memory is read.
 */
export function scaleAndShift(
  backend: BackendWasm,
  x: TensorInfo,
  factors: TensorInfo,
  offsets: TensorInfo,
): TensorInfo {
  const channels = x.shape.at(-1)!;
  const result = call(
    backend,
    'FusedDepthwiseConv2D',
    {
      x: reshaped(x, [1, util.sizeFromShape(x.shape) / channels, 1, channels]),
      filter: reshaped(factors, [1, 1, channels, 1]),
      bias: reshaped(offsets, [channels]),
    },
    { strides: [1, 1], pad: 'valid', dataFormat: 'NHWC', dilations: [1, 1], activation: 'linear' },
  );
  return reshaped(result, x.shape);
}

/** Below this many values, what a call costs outweighs what it saves. */
const worthwhile = 4096;

/**
 * `Multiply`, `Add` or `Sub` of a tensor and one value a channel, as in batch normalisation and its gradient; the
 * stock kernels compute every value's indices. Other shapes and types are left to the stock kernel.
 */
export function channelwise(kernelName: 'Multiply' | 'Add' | 'Sub', stock: KernelFunc): WasmKernel {
  return kernel<{ a: TensorInfo; b: TensorInfo }, undefined>(kernelName, ({ inputs, backend }) => {
    const { a, b } = inputs;
    if (isPerChannel(a, b)) return combine(backend, kernelName, a, b);
    if (kernelName !== 'Sub' && isPerChannel(b, a)) return combine(backend, kernelName, b, a);
    const result = stock({ inputs: { a, b }, backend });
    return Array.isArray(result) ? result[0]! : result;
  });
}

function isPerChannel(x: TensorInfo, perChannel: TensorInfo): boolean {
  const channels = x.shape.at(-1) ?? 0;
  return (
    x.dtype === 'float32' &&
    perChannel.dtype === 'float32' &&
    perChannel.shape.length <= x.shape.length &&
    perChannel.shape.at(-1) === channels &&
    channels > 1 &&
    util.sizeFromShape(perChannel.shape) === channels &&
    util.sizeFromShape(x.shape) >= Math.max(worthwhile, 2 * channels)
  );
}

function combine(
  backend: BackendWasm,
  kernelName: 'Multiply' | 'Add' | 'Sub',
  x: TensorInfo,
  perChannel: TensorInfo,
): TensorInfo {
  const channels = x.shape.at(-1)!;
  return withScratch(backend, [channels], (other) => {
    const values = heap(backend);
    const into = start(backend, other);
    values.fill(kernelName === 'Multiply' ? 0 : 1, into, into + channels);
    if (kernelName === 'Multiply') return scaleAndShift(backend, x, perChannel, other);
    if (kernelName === 'Add') return scaleAndShift(backend, x, other, perChannel);
    return withScratch(backend, [channels], (negated) => {
      const from = start(backend, perChannel);
      const to = start(backend, negated);
      const values = heap(backend);
      for (let channel = 0; channel < channels; channel++) values[to + channel] = -values[from + channel]!;
      return scaleAndShift(backend, x, other, negated);
    });
  });
}
