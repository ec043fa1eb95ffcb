import {
  backend_util,
  MaxPoolGrad,
  type MaxPoolGradAttrs,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { rank4 } from './check.js';
import { heap, makeOutput, start } from './heap.js';
import { kernel } from './kernel.js';

/**
 * The gradient of max pooling: each window's gradient goes to its largest value, the first where several are. The
 * stock kernel walks channel by channel, across memory; this one walks along it.
 */
export const maxPoolGrad = kernel<{ dy: TensorInfo; input: TensorInfo }, MaxPoolGradAttrs>(
  MaxPoolGrad,
  ({ inputs: { dy, input }, attrs, backend }) => {
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const info = backend_util.computePool2DInfo(
      rank4(input.shape),
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const { inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth, padInfo } = info;
    return makeOutput(backend, input.shape, (output) => {
      const values = heap(backend);
      const x = start(backend, input);
      const dx = start(backend, output);
      values.fill(0, dx, dx + util.sizeFromShape(input.shape));
      let gradient = start(backend, dy);
      for (let picture = 0; picture < info.batchSize; picture++) {
        for (let row = 0; row < outHeight; row++) {
          const top = row * strideHeight - padInfo.top;
          const firstRow = Math.max(0, top);
          const endRow = Math.min(inHeight, top + info.filterHeight);
          for (let column = 0; column < outWidth; column++) {
            const left = column * strideWidth - padInfo.left;
            const firstColumn = Math.max(0, left);
            const endColumn = Math.min(inWidth, left + info.filterWidth);
            const corner = (picture * inHeight * inWidth + firstRow * inWidth + firstColumn) * inChannels;
            const width = endColumn - firstColumn;
            const nextRow = (inWidth - width) * inChannels;
            for (let channel = 0; channel < inChannels; channel++, gradient++) {
              let largest = Number.NEGATIVE_INFINITY;
              let at = -1;
              let pixel = corner + channel;
              for (let windowRow = firstRow; windowRow < endRow; windowRow++, pixel += nextRow) {
                for (let windowColumn = 0; windowColumn < width; windowColumn++, pixel += inChannels) {
                  const value = values[x + pixel]!;
                  if (value > largest) {
                    largest = value;
                    at = pixel;
                  }
                }
              }
              // A window of NaN has no largest value.
              if (at >= 0) values[dx + at]! += values[gradient]!;
            }
          }
        }
      }
    });
  },
);
