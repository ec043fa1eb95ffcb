import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  backend_util,
  DepthwiseConv2dNativeBackpropFilter,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { call, reshaped } from './call.js';
import { rank4 } from './check.js';
import { clear, heap, makeOutput, start, withScratch } from './heap.js';
import { kernel } from './kernel.js';
import { type Axis, layPictures } from './lay-pictures.js';

/**
 * The gradient of a depthwise convolution with respect to its filter; TensorFlow.js has no such kernel for WASM.
 * Channels do not mix, so there is no product of matrices in it: for each tap, x as that tap sees it is multiplied by
 * dy value by value and summed over all pixels.
 */
export const depthwiseConv2dBackpropFilter = kernel<
  { x: TensorInfo; dy: TensorInfo },
  DepthwiseConv2dNativeBackpropFilterAttrs
>(DepthwiseConv2dNativeBackpropFilter, ({ inputs: { x, dy }, attrs, backend }) => {
  const { strides, pad, dimRoundingMode, filterShape } = attrs;
  const dilations = attrs.dilations ?? 1;
  const info = backend_util.computeConv2DInfo(
    rank4(x.shape),
    filterShape,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  );
  const { batchSize, outHeight, outWidth, outChannels } = info;
  const pixels = batchSize * outHeight * outWidth;
  return makeOutput(backend, info.filterShape, (output) => {
    withScratch(backend, [pixels * outChannels], (seen) => {
      for (let row = 0; row < info.filterHeight; row++) {
        for (let column = 0; column < info.filterWidth; column++) {
          laySeen(backend, info, x, seen, row, column);
          const shape = [pixels, outChannels];
          const product = call(backend, 'Multiply', { a: reshaped(seen, shape), b: reshaped(dy, shape) }, {});
          const sums = call(backend, 'Sum', { x: product }, { axis: [0], keepDims: false });
          const from = start(backend, sums);
          const to = start(backend, output) + (row * info.filterWidth + column) * outChannels;
          heap(backend).copyWithin(to, from, from + outChannels);
          backend.disposeData(product.dataId);
          backend.disposeData(sums.dataId);
        }
      }
    });
  });
});

/** Lays out x in the shape of dy, as one tap sees it: zeros where that is outside x, and as many times as channels. */
function laySeen(
  backend: BackendWasm,
  info: backend_util.Conv2DInfo,
  x: TensorInfo,
  seen: TensorInfo,
  row: number,
  column: number,
): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  clear(backend, seen);
  const multiplier = outChannels / inChannels;
  for (let copy = 0; copy < multiplier; copy++) {
    layPictures(
      heap(backend),
      { start: start(backend, x), height: inHeight, width: inWidth, channels: inChannels },
      {
        start: start(backend, seen) + copy,
        rows: outHeight,
        columns: outWidth,
        cell: outChannels,
        channel: multiplier,
      },
      {
        first: 0,
        count: batchSize,
        down: axis(row * info.dilationHeight - info.padInfo.top, info.strideHeight, outHeight),
        across: axis(column * info.dilationWidth - info.padInfo.left, info.strideWidth, outWidth),
      },
    );
  }
}

function axis(offset: number, stride: number, limit: number): Axis {
  const shift = Math.floor(offset / stride);
  return { phase: offset - shift * stride, stride, shift, limit };
}
