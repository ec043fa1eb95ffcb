import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import { call, reshaped } from './call.js';
import { clear, heap, makeOutput, start, withScratch } from './heap.js';
import { type TransposedPhase, transposedPhases } from './phases.js';

/** A filter's taps laid out anew: `[rows, columns, from, to]` for the channels that it takes and gives. */
export interface TurnedFilter {
  readonly from: number;
  readonly to: number;
  /** Writes the `[from, to]` values of tap (row, column) of the filter at `target`. */
  writeTap(values: Float32Array, row: number, column: number, target: number): void;
}

/**
 * The gradient of a convolution with respect to its input: a convolution of dy with the filter turned round. With
 * a stride it is one such convolution for each phase, each with the taps that this phase meets, so no
 * multiplication by zero; their results are interleaved.
 *
 * @param convolution The kernel that convolves: `Conv2D` or `DepthwiseConv2dNative`.
 * @param multiplier How many neighbouring channels of the result are summed into one.
 */
export function gatherPhases(
  backend: BackendWasm,
  info: backend_util.Conv2DInfo,
  dy: TensorInfo,
  convolution: string,
  filter: TurnedFilter,
  multiplier: number,
): TensorInfo {
  const { padInfo, dilationHeight, dilationWidth, strideHeight, strideWidth } = info;
  const down = transposedPhases(
    info.filterHeight,
    dilationHeight,
    strideHeight,
    padInfo.top,
    info.inHeight,
    info.outHeight,
  );
  const across = transposedPhases(
    info.filterWidth,
    dilationWidth,
    strideWidth,
    padInfo.left,
    info.inWidth,
    info.outWidth,
  );
  const [rows, columns] = [down[0], across[0]];
  if (rows && columns && strideHeight === 1 && strideWidth === 1 && multiplier === 1) {
    return convolvePhase(backend, info, dy, convolution, filter, rows, columns);
  }
  return makeOutput(backend, info.inShape, (output) => {
    clear(backend, output);
    for (const rows of down) {
      for (const columns of across) {
        const part = convolvePhase(backend, info, dy, convolution, filter, rows, columns);
        interleave(backend, part, output, info, rows, columns, multiplier);
        backend.disposeData(part.dataId);
      }
    }
  });
}

function convolvePhase(
  backend: BackendWasm,
  info: backend_util.Conv2DInfo,
  dy: TensorInfo,
  convolution: string,
  filter: TurnedFilter,
  rows: TransposedPhase,
  columns: TransposedPhase,
): TensorInfo {
  const tapSize = filter.from * filter.to;
  return withScratch(backend, [rows.taps.length * columns.taps.length * tapSize], (turned) => {
    const values = heap(backend);
    let target = start(backend, turned);
    for (const row of rows.taps) {
      for (const column of columns.taps) {
        filter.writeTap(values, row, column, target);
        target += tapSize;
      }
    }
    return crop(backend, info, dy, rows, columns, (cropped) =>
      call(
        backend,
        convolution,
        {
          x: cropped,
          filter: reshaped(turned, [rows.taps.length, columns.taps.length, filter.from, filter.to]),
        },
        {
          strides: [1, 1],
          dilations: [rows.dilation, columns.dilation],
          pad: [[0, 0], bothSides(rows), bothSides(columns), [0, 0]],
          dataFormat: 'NHWC',
        },
      ),
    );
  });
}

function bothSides({ before, after }: TransposedPhase): [number, number] {
  return [Math.max(0, before), Math.max(0, after)];
}

/** Leaves out the outputs that no position of the phase gathers: a padding cannot be negative. */
function crop(
  backend: BackendWasm,
  info: backend_util.Conv2DInfo,
  dy: TensorInfo,
  rows: TransposedPhase,
  columns: TransposedPhase,
  use: (cropped: TensorInfo) => TensorInfo,
): TensorInfo {
  const top = Math.max(0, -rows.before);
  const left = Math.max(0, -columns.before);
  const height = info.outHeight - top - Math.max(0, -rows.after);
  const width = info.outWidth - left - Math.max(0, -columns.after);
  if (height === info.outHeight && width === info.outWidth) return use(dy);
  const cropped = call(
    backend,
    'Slice',
    { x: dy },
    { begin: [0, top, left, 0], size: [info.batchSize, height, width, info.outChannels] },
  );
  try {
    return use(cropped);
  } finally {
    backend.disposeData(cropped.dataId);
  }
}

function interleave(
  backend: BackendWasm,
  part: TensorInfo,
  output: TensorInfo,
  { batchSize, inHeight, inWidth, inChannels, strideHeight, strideWidth }: backend_util.Conv2DInfo,
  rows: TransposedPhase,
  columns: TransposedPhase,
  multiplier: number,
): void {
  const values = heap(backend);
  const into = start(backend, output);
  let source = start(backend, part);
  for (let picture = 0; picture < batchSize; picture++) {
    for (let row = 0; row < rows.length; row++) {
      const rowStart = (picture * inHeight + rows.first + row * strideHeight) * inWidth + columns.first;
      for (let column = 0; column < columns.length; column++) {
        const pixel = into + (rowStart + column * strideWidth) * inChannels;
        for (let channel = 0; channel < inChannels; channel++) {
          let sum = values[source++]!;
          for (let more = 1; more < multiplier; more++) sum += values[source++]!;
          values[pixel + channel] = sum;
        }
      }
    }
  }
}
