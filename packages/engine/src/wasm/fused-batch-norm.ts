import {
  FusedBatchNorm,
  type FusedBatchNormAttrs,
  type KernelFunc,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { scaleAndShift } from './channelwise.js';
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
    return withScratch(backend, Array(4).fill(channels), (ones, negatedMean, factors, offsets) => {
      const values = heap(backend);
      const [toOnes, toMean, toFactors, toOffsets] = [ones, negatedMean, factors, offsets].map((scratch) =>
        start(backend, scratch!),
      ) as [number, number, number, number];
      const read = (tensor: TensorInfo | undefined, otherwise: number, channel: number) =>
        tensor === undefined ? otherwise : values[start(backend, tensor) + channel]!;
      for (let channel = 0; channel < channels; channel++) {
        values[toOnes + channel] = 1;
        values[toMean + channel] = -read(mean, 0, channel);
        values[toFactors + channel] =
          read(scale, 1, channel) / Math.sqrt(read(variance, 1, channel) + attrs.varianceEpsilon);
        values[toOffsets + channel] = read(offset, 0, channel);
      }
      const centred = scaleAndShift(backend, x, ones!, negatedMean!);
      try {
        return scaleAndShift(backend, centred, factors!, offsets!);
      } finally {
        backend.disposeData(centred.dataId);
      }
    });
  });
}
