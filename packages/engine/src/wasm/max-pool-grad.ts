import { backend_util, MaxPoolGrad, type MaxPoolGradAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { rank4 } from './check.js';
import { clear, heap, makeOutput, start } from './heap.js';
import { kernel } from './kernel.js';

/**
 * The gradient of max pooling: each window's gradient goes to its largest value, the first where several are. The
 * stock kernel walks channel by channel, across memory, and looks for the largest value again; this one walks along
 * memory, and compares with the pooled value, which spares it branches that no processor can predict.
 */
export const maxPoolGrad = kernel<
  { dy: TensorInfo; input: TensorInfo; output: TensorInfo },
  MaxPoolGradAttrs
>(MaxPoolGrad, ({ inputs: { dy, input, output }, attrs, backend }) => {
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
  return makeOutput(backend, input.shape, (result) => {
    const values = heap(backend);
    const dx = start(backend, result);
    // From a value's place in x to that of its gradient.
    const toGradient = dx - start(backend, input);
    clear(backend, result);
    let gradient = start(backend, dy);
    let pooled = start(backend, output);
    for (let picture = 0; picture < info.batchSize; picture++) {
      for (let row = 0; row < outHeight; row++) {
        const top = row * strideHeight - padInfo.top;
        const firstRow = Math.max(0, top);
        const endRow = Math.min(inHeight, top + info.filterHeight);
        for (let column = 0; column < outWidth; column++) {
          const left = column * strideWidth - padInfo.left;
          const firstColumn = Math.max(0, left);
          const width = Math.min(inWidth, left + info.filterWidth) - firstColumn;
          const nextRow = (inWidth - width) * inChannels;
          const corner =
            dx - toGradient + ((picture * inHeight + firstRow) * inWidth + firstColumn) * inChannels;
          for (let channel = 0; channel < inChannels; channel++, gradient++, pooled++) {
            const largest = values[pooled]!;
            let remaining = values[gradient]!;
            let pixel = corner + channel;
            for (let windowRow = firstRow; windowRow < endRow; windowRow++, pixel += nextRow) {
              for (let windowColumn = 0; windowColumn < width; windowColumn++, pixel += inChannels) {
                const given = remaining * +(values[pixel] === largest);
                values[pixel + toGradient]! += given;
                remaining -= given;
              }
            }
          }
        }
      }
    }
  });
});
