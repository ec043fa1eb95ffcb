import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import { address, clear, heap, makeOutput, start, withScratch } from './heap.js';
import { roundUp, seenBy, tapOffsets, writeOffsets } from './seen.js';
import { simd } from './simd.js';

const vector = 4;

/** How many taps of a depthwise convolution the SIMD code takes at a time. */
const depthwiseTaps = 3;

/**
 * The gradient of a convolution with respect to its input: what each pixel of dy gives to the pixels that it came from
 * is added to them, on a picture with what is round it.
 */
export function convolutionInputGradient(
  backend: BackendWasm,
  info: backend_util.Conv2DInfo,
  dy: TensorInfo,
  filter: TensorInfo,
): TensorInfo {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  const { rows, columns } = seenBy(info);
  // The values of a row of taps lie side by side in the filter as in the picture.
  const tapRow = info.filterWidth * inChannels;
  const vectorsOfRow = Math.ceil(tapRow / vector);
  const vectors = roundUp(info.filterHeight * vectorsOfRow, 2);
  const offsets = Array.from({ length: info.filterHeight * vectorsOfRow }, (_, index) => {
    const down = Math.floor(index / vectorsOfRow);
    return down * columns * inChannels + (index % vectorsOfRow) * vector;
  });
  // Where a batch's pictures touch no padding, they are one tall picture.
  const unpadded = padInfo.top === 0 && rows === inHeight && inHeight === outHeight * info.strideHeight;
  const together = unpadded && outHeight < 4 ? batchSize : 1;
  return makeInputGradient(backend, info, rows, columns, (output) => {
    const sizes = [
      vectors * vector * outChannels,
      vectors,
      rows * together * columns * inChannels + vector,
      outWidth * outChannels,
    ];
    withScratch(backend, sizes, (weights, places, whole, zeros) => {
      clear(backend, weights);
      const values = heap(backend);
      for (let tap = 0; tap < info.filterHeight * tapRow; tap++) {
        const lane = Math.floor(tap / tapRow) * vectorsOfRow * vector + (tap % tapRow);
        const pair = Math.floor(lane / (2 * vector));
        let to = start(backend, weights) + pair * 2 * vector * outChannels + (lane % (2 * vector));
        let from = start(backend, filter) + tap * outChannels;
        for (let channel = 0; channel < outChannels; channel++, to += 2 * vector)
          values[to] = values[from++]!;
      }
      writeOffsets(backend, places, offsets);
      simd(backend).convolutionInputGradient(
        address(backend, dy),
        address(backend, weights),
        address(backend, output),
        address(backend, places),
        address(backend, whole),
        address(backend, zeros),
        batchSize / together,
        inHeight * together,
        inWidth,
        inChannels,
        outHeight * together,
        outWidth,
        outChannels,
        vectors,
        info.strideHeight,
        info.strideWidth,
        padInfo.top,
        padInfo.left,
        rows * together,
        columns,
      );
    });
  });
}

/** The same of a depthwise convolution. */
export function depthwiseInputGradient(
  backend: BackendWasm,
  info: backend_util.Conv2DInfo,
  dy: TensorInfo,
  filter: TensorInfo,
): TensorInfo {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  const { rows, columns } = seenBy(info);
  const wide = roundUp(outChannels, vector);
  const offsets = tapOffsets(info, 1, wide, columns * wide);
  const taps = roundUp(offsets.length, depthwiseTaps);
  return makeInputGradient(backend, info, rows, columns, (output) => {
    const sizes = [
      taps * wide,
      taps,
      rows * columns * wide,
      wide === outChannels ? 0 : outHeight * outWidth * wide,
    ];
    withScratch(backend, sizes, (weights, places, whole, widened) => {
      clear(backend, weights);
      for (let tap = 0; tap < offsets.length; tap++) {
        const from = start(backend, filter) + tap * outChannels;
        heap(backend).copyWithin(start(backend, weights) + tap * wide, from, from + outChannels);
      }
      writeOffsets(backend, places, offsets);
      simd(backend).depthwiseInputGradient(
        address(backend, dy),
        address(backend, weights),
        address(backend, output),
        address(backend, places),
        address(backend, whole),
        wide === outChannels ? 0 : address(backend, widened),
        batchSize,
        inHeight,
        inWidth,
        inChannels,
        outHeight,
        outWidth,
        outChannels,
        wide,
        taps,
        info.strideHeight,
        info.strideWidth,
        padInfo.top,
        padInfo.left,
        rows,
        columns,
      );
    });
  });
}

/** Clears an output of which no tap sees the last rows or columns. */
function makeInputGradient(
  backend: BackendWasm,
  { inShape, inHeight, inWidth, padInfo }: backend_util.Conv2DInfo,
  rows: number,
  columns: number,
  fill: (output: TensorInfo) => void,
): TensorInfo {
  return makeOutput(backend, inShape, (output) => {
    if (rows - padInfo.top < inHeight || columns - padInfo.left < inWidth) clear(backend, output);
    fill(output);
  });
}
