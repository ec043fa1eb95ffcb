import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend_util, type Conv2DBackpropFilterAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { alignTaps, type Taps } from './align-taps.js';
import { channelsLast, rank4 } from './check.js';
import { heap, makeOutput, start, transpose, withScratch } from './heap.js';
import { kernel } from './kernel.js';
import { multiplyBy } from './multiply.js';

/** How many terms a product sums in float32 before its sum is added up with the others'. */
const longestSum = 8192;

/**
 * The gradient of a convolution with respect to its filter; TensorFlow.js has no such kernel for WASM.
 *
 * For each tap of the filter it is a product of matrices: dyᵀ (outChannels x pixels) times x as that tap sees it
 * (pixels x inChannels). The taps differ only by a shift. So both are laid out once on grids of one size, with
 * enough zeros between rows, pictures and channels for a shift to fall into, and a tap is a product that begins
 * elsewhere in dyᵀ: nothing is copied per tap, and XNNPACK packs x once for all taps. With a stride, x falls into
 * as many grids as there are phases.
 */
export const conv2DBackpropFilter = kernel<{ x: TensorInfo; dy: TensorInfo }, Conv2DBackpropFilterAttrs>(
  'Conv2DBackpropFilter',
  ({ inputs: { x, dy }, attrs, backend }) => {
    const { strides, pad, dimRoundingMode, dataFormat, filterShape } = attrs;
    channelsLast('Conv2DBackpropFilter', dataFormat);
    const info = backend_util.computeConv2DInfo(
      rank4(x.shape),
      filterShape,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    return makeOutput(backend, info.filterShape, (output) => filterGradient(backend, info, x, dy, output));
  },
);

function filterGradient(
  backend: BackendWasm,
  info: backend_util.Conv2DInfo,
  x: TensorInfo,
  dy: TensorInfo,
  output: TensorInfo,
): void {
  const { batchSize, inChannels, outChannels } = info;
  const down = alignTaps(
    info.filterHeight,
    1,
    info.strideHeight,
    info.padInfo.top,
    info.inHeight,
    info.outHeight,
  );
  const across = alignTaps(
    info.filterWidth,
    1,
    info.strideWidth,
    info.padInfo.left,
    info.inWidth,
    info.outWidth,
  );
  const picture = down.pitch * across.pitch;
  const chunks = Math.min(batchSize, Math.ceil((batchSize * picture) / longestSum));
  const chunk = Math.ceil(batchSize / chunks);
  const pixels = chunk * picture;
  // A shift reaches past the first and the last row of dyᵀ by no more than this.
  const guard = down.reach * across.pitch + across.reach;
  const tapSize = inChannels * outChannels;

  withScratch(
    backend,
    [outChannels * pixels + 2 * guard, inChannels * pixels, tapSize],
    (dyGrid, xGrid, product) => {
      let values = heap(backend);
      const into = start(backend, output);
      const dyStart = start(backend, dyGrid);
      const xStart = start(backend, xGrid);
      const productStart = start(backend, product);
      values.fill(0, into, into + info.filterHeight * info.filterWidth * tapSize);
      values.fill(0, dyStart, dyStart + outChannels * pixels + 2 * guard);

      for (let first = 0; first < batchSize; first += chunk) {
        const count = Math.min(chunk, batchSize - first);
        if (count < chunk) values.fill(0, dyStart, dyStart + outChannels * pixels + 2 * guard);
        layDy(values, start(backend, dy), dyStart + guard, first, count, pixels, info, down, across);
        for (const rows of down.phases) {
          for (const columns of across.phases) {
            values.fill(0, xStart, xStart + inChannels * pixels);
            layX(
              values,
              start(backend, x),
              xStart,
              first,
              count,
              info,
              down,
              across,
              rows.phase,
              columns.phase,
            );
            multiplyBy(backend, { start: xStart, rows: pixels, columns: inChannels }, (multiply) => {
              for (const row of rows.taps) {
                for (const column of columns.taps) {
                  const shift = row.shift * across.pitch + column.shift;
                  multiply(
                    { start: dyStart + guard - shift, rows: outChannels, columns: pixels },
                    productStart,
                  );
                  values = heap(backend);
                  const tap = into + (row.tap * info.filterWidth + column.tap) * tapSize;
                  addTransposed(values, productStart, tap, outChannels, inChannels);
                }
              }
            });
          }
        }
      }
    },
  );
}

/** Writes `count` pictures of dy as dyᵀ: one row a channel, `pixels` long, the zeros between rows left alone. */
function layDy(
  values: Float32Array,
  from: number,
  to: number,
  first: number,
  count: number,
  pixels: number,
  { outHeight, outWidth, outChannels }: backend_util.Conv2DInfo,
  down: Taps,
  across: Taps,
): void {
  for (let picture = 0; picture < count; picture++) {
    for (let row = 0; row < outHeight; row++) {
      const source = from + ((first + picture) * outHeight + row) * outWidth * outChannels;
      const target = to + (picture * down.pitch + row) * across.pitch;
      transpose(values, source, target, outWidth, outChannels, pixels);
    }
  }
}

/** Writes one phase of `count` pictures of x: every stride-th pixel, starting at the phase. */
function layX(
  values: Float32Array,
  from: number,
  to: number,
  first: number,
  count: number,
  { inHeight, inWidth, inChannels, strideHeight, strideWidth }: backend_util.Conv2DInfo,
  down: Taps,
  across: Taps,
  phaseDown: number,
  phaseAcross: number,
): void {
  for (let picture = 0; picture < count; picture++) {
    for (
      let row = phaseDown, gridRow = 0;
      row < inHeight && gridRow < down.length;
      row += strideHeight, gridRow++
    ) {
      const source = from + ((first + picture) * inHeight + row) * inWidth * inChannels;
      const target = to + (picture * down.pitch + gridRow) * across.pitch * inChannels;
      if (strideWidth === 1) {
        values.copyWithin(target, source, source + Math.min(inWidth, across.length) * inChannels);
        continue;
      }
      for (
        let column = phaseAcross, cell = 0;
        column < inWidth && cell < across.length;
        column += strideWidth, cell++
      ) {
        const pixel = source + column * inChannels;
        const place = target + cell * inChannels;
        for (let channel = 0; channel < inChannels; channel++)
          values[place + channel] = values[pixel + channel]!;
      }
    }
  }
}

/** Adds a matrix, the other way round, to another. */
function addTransposed(values: Float32Array, from: number, to: number, rows: number, columns: number): void {
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      values[to + column * rows + row]! += values[from + row * columns + column]!;
    }
  }
}
