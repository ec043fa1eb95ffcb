import {
  backend_util,
  DepthwiseConv2dNativeBackpropFilter,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { rank4 } from './check.js';
import { heap, makeOutput, start } from './heap.js';
import { kernel } from './kernel.js';

/**
 * The gradient of a depthwise convolution with respect to its filter; TensorFlow.js has no such kernel for WASM.
 * Every value of dy meets only the filter's taps, so there is no product of matrices in it: it is a loop along
 * memory, summed in float64.
 */
export const depthwiseConv2dBackpropFilter = kernel<
  { x: TensorInfo; dy: TensorInfo },
  DepthwiseConv2dNativeBackpropFilterAttrs
>(DepthwiseConv2dNativeBackpropFilter, ({ inputs: { x, dy }, attrs, backend }) => {
  const { strides, dilations, pad, dimRoundingMode, filterShape } = attrs;
  const info = backend_util.computeConv2DInfo(
    rank4(x.shape),
    filterShape,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    true,
  );
  return makeOutput(backend, info.filterShape, (output) => {
    const values = heap(backend);
    const sums = filterGradient(values, start(backend, x), start(backend, dy), info);
    values.set(sums, start(backend, output));
  });
});

function filterGradient(
  values: Float32Array,
  x: number,
  dy: number,
  info: backend_util.Conv2DInfo,
): Float64Array {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterWidth } = info;
  const multiplier = outChannels / inChannels;
  const step = info.strideWidth * inChannels;
  const sums = new Float64Array(info.filterHeight * filterWidth * outChannels);
  for (let picture = 0; picture < batchSize; picture++) {
    for (let row = 0; row < outHeight; row++) {
      for (let tapRow = 0; tapRow < info.filterHeight; tapRow++) {
        const inRow = row * info.strideHeight + tapRow * info.dilationHeight - info.padInfo.top;
        if (inRow < 0 || inRow >= inHeight) continue;
        for (let tapColumn = 0; tapColumn < filterWidth; tapColumn++) {
          const offset = tapColumn * info.dilationWidth - info.padInfo.left;
          const first = Math.max(0, Math.ceil(-offset / info.strideWidth));
          const end = Math.min(outWidth, Math.ceil((inWidth - offset) / info.strideWidth));
          const tap = (tapRow * filterWidth + tapColumn) * outChannels;
          const inRowStart =
            x + ((picture * inHeight + inRow) * inWidth + first * info.strideWidth + offset) * inChannels;
          const outRowStart = dy + ((picture * outHeight + row) * outWidth + first) * outChannels;
          // One channel after another along the row: its sum stays in a register, and the row in the cache.
          for (let channel = 0; channel < outChannels; channel++) {
            let pixel = inRowStart + Math.floor(channel / multiplier);
            let gradient = outRowStart + channel;
            let sum = 0;
            for (let column = first; column < end; column++, pixel += step, gradient += outChannels) {
              sum += values[pixel]! * values[gradient]!;
            }
            sums[tap + channel]! += sum;
          }
        }
      }
    }
  }
  return sums;
}
