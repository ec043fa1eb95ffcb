import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import { address, clear, heap, makeOutput, start, withScratch } from './heap.js';
import { roundUp, seenBy, tapOffsets, writeOffsets } from './seen.js';
import { simd } from './simd.js';

/** How many taps, and channels of dy, the SIMD code takes at a time. */
const blocks = { convolution: { taps: 4, channels: 8 }, depthwise: { taps: 3, channels: 4 } } as const;

/**
 * The gradient of a convolution with respect to its filter; TensorFlow.js has no such kernel for WASM.
 *
 * For each tap of the filter, x as that tap sees it times dy is summed over all pixels. With zeros round a picture,
 * each tap sees as many pixels as there are in dy, at a fixed distance: x and dy are read as they lie, or a picture at
 * a time is laid between zeros, with channels that fill whole vectors.
 */
export function filterGradient(
  backend: BackendWasm,
  kind: keyof typeof blocks,
  info: backend_util.Conv2DInfo,
  x: TensorInfo,
  dy: TensorInfo,
): TensorInfo {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  const block = blocks[kind];
  const depthwise = kind === 'depthwise';
  const wide = roundUp(outChannels, block.channels);
  const xWide = depthwise ? wide : inChannels;
  const seen = seenBy(info);
  const { top, left } = padInfo;
  const pads = top > 0 || left > 0 || seen.rows > inHeight || seen.columns > inWidth;
  const pitch = pads ? seen.columns : inWidth;
  const offsets = tapOffsets(info, depthwise ? 1 : inChannels, xWide, pitch * xWide);
  const taps = offsets.length;
  const spreads = xWide !== inChannels;
  const widens = wide !== outChannels;
  // Where a picture's last row of taps ends with the picture, the next picture goes on as its next row would.
  const together = !pads && !spreads && !widens && inHeight === outHeight * info.strideHeight ? batchSize : 1;

  return makeOutput(backend, info.filterShape, (output) => {
    const sizes = [
      roundUp(taps, block.taps) * wide,
      roundUp(taps, block.taps),
      spreads ? inHeight * inWidth * xWide : 0,
      pads ? seen.rows * pitch * xWide : 0,
      widens ? outHeight * outWidth * wide : 0,
    ];
    withScratch(backend, sizes, (sums, places, ...pictures) => {
      clear(backend, sums);
      writeOffsets(backend, places, offsets);
      const [spread, padded, widened] = pictures.map((picture) =>
        picture.shape[0] === 0 ? 0 : address(backend, picture),
      );
      simd(backend).filterGradient(
        depthwise,
        address(backend, x),
        address(backend, dy),
        address(backend, sums),
        address(backend, places),
        spread!,
        padded!,
        widened!,
        batchSize / together,
        inHeight * together,
        inWidth,
        inChannels,
        outHeight * together,
        outWidth,
        outChannels,
        taps,
        info.strideHeight,
        info.strideWidth,
        top,
        left,
        seen.rows,
        pitch,
        xWide,
        wide,
      );
      const values = heap(backend);
      for (let tap = 0; tap < taps; tap++) {
        const from = start(backend, sums) + tap * wide;
        values.copyWithin(start(backend, output) + tap * outChannels, from, from + outChannels);
      }
    });
  });
}
