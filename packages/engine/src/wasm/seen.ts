import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import { heap, start } from './heap.js';

/** The rows and columns of a picture, and of the zeros round it, that the taps of a convolution see. */
export function seenBy(info: backend_util.Conv2DInfo): { rows: number; columns: number } {
  return {
    rows: (info.outHeight - 1) * info.strideHeight + (info.filterHeight - 1) * info.dilationHeight + 1,
    columns: (info.outWidth - 1) * info.strideWidth + (info.filterWidth - 1) * info.dilationWidth + 1,
  };
}

/**
 * Where the taps of a convolution lie from the first value that an output sees, in values.
 *
 * @param channels A tap's values; of a depthwise convolution 1, for there they are not added up.
 * @param pixel From a pixel to the next one of its row.
 * @param row From a pixel to the one below.
 */
export function tapOffsets(
  { filterHeight, filterWidth, dilationHeight, dilationWidth }: backend_util.Conv2DInfo,
  channels: number,
  pixel: number,
  row: number,
): number[] {
  const offsets: number[] = [];
  for (let down = 0; down < filterHeight; down++) {
    for (let across = 0; across < filterWidth; across++) {
      for (let channel = 0; channel < channels; channel++) {
        offsets.push(down * dilationHeight * row + across * dilationWidth * pixel + channel);
      }
    }
  }
  return offsets;
}

/** Writes offsets in bytes, as SIMD code takes them; those that only fill up a block are 0. */
export function writeOffsets(backend: BackendWasm, into: TensorInfo, offsets: readonly number[]): void {
  const values = new Int32Array(heap(backend).buffer, 4 * start(backend, into), into.shape[0]!);
  values.fill(0);
  values.set(offsets.map((offset) => 4 * offset));
}

/** How many values fill up whole blocks. */
export function roundUp(count: number, block: number): number {
  return Math.ceil(count / block) * block;
}
