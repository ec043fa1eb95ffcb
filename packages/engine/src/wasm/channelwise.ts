import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { reshaped } from './call.js';
import { heap, start, withScratch } from './heap.js';
import { kernel, type WasmKernel } from './kernel.js';

/** Below this many values, what a call costs outweighs what it saves. */
const worthwhile = 4096;

/** How long a row is made: long enough for XNNPACK's start of a row to count for nothing, short enough to stay cached. */
const longestRow = 8192;

/**
 * `Multiply`, `Add` or `Sub` of a tensor and one value a channel, as in batch normalisation and its gradient. XNNPACK
 * starts anew with every row, and a pixel's few channels make a short one: so many pixels are taken for one row, and
 * the values repeated as often. Other shapes and types go to the stock kernel as they are.
 */
export function channelwise(kernelName: 'Multiply' | 'Add' | 'Sub', stock: KernelFunc): WasmKernel {
  return kernel<{ a: TensorInfo; b: TensorInfo }, undefined>(kernelName, ({ inputs: { a, b }, backend }) => {
    const run = (a: TensorInfo, b: TensorInfo): TensorInfo => {
      const result = stock({ inputs: { a, b }, backend });
      return Array.isArray(result) ? result[0]! : result;
    };
    if (isPerChannel(a, b)) {
      return inLongRows(backend, a, b, (x, repeated) => run(x, repeated));
    }
    if (isPerChannel(b, a)) {
      return inLongRows(backend, b, a, (x, repeated) => run(repeated, x));
    }
    return run(a, b);
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

function inLongRows(
  backend: BackendWasm,
  x: TensorInfo,
  perChannel: TensorInfo,
  run: (x: TensorInfo, repeated: TensorInfo) => TensorInfo,
): TensorInfo {
  const channels = x.shape.at(-1)!;
  const pixels = util.sizeFromShape(x.shape) / channels;
  const together = largestDivisor(pixels, Math.floor(longestRow / channels));
  const length = together * channels;
  return withScratch(backend, [length], (repeated) => {
    const values = heap(backend);
    const from = start(backend, perChannel);
    const into = start(backend, repeated);
    for (let pixel = 0; pixel < together; pixel++) {
      values.copyWithin(into + pixel * channels, from, from + channels);
    }
    return reshaped(run(reshaped(x, [pixels / together, length]), repeated), x.shape);
  });
}

function largestDivisor(whole: number, limit: number): number {
  for (let divisor = Math.min(whole, limit); divisor > 1; divisor--)
    if (whole % divisor === 0) return divisor;
  return 1;
}
