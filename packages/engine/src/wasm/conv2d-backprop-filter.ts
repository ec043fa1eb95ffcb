import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend_util, type Conv2DBackpropFilterAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { alignTaps, type Phase, type Taps } from './align-taps.js';
import { channelsLast, rank4 } from './check.js';
import { clear, heap, makeOutput, start, withScratch } from './heap.js';
import { kernel } from './kernel.js';
import { type Axis, layPictures } from './lay-pictures.js';
import { multiplyBy } from './multiply.js';

/** How many terms a product sums in float32 before its sum is added up with the others'. */
const longestSum = 8192;

/** XNNPACK multiplies this many columns at once; fewer take as long. */
const panel = 8;

/**
 * The gradient of a convolution with respect to its filter; TensorFlow.js has no such kernel for WASM.
 *
 * For each tap of the filter it is a product of matrices over all pixels: x as that tap sees it, times dy. The taps
 * differ only by a shift. So x and dy are laid out once on grids of one size, with enough zeros between rows,
 * pictures and channels for a shift to fall into, and a tap is a product that begins elsewhere in one of the two:
 * nothing is copied per tap. With a stride, x falls into as many grids as there are phases.
 *
 * Of the two, XNNPACK rearranges the right one at some cost, once for all taps that share it. So the smaller one
 * is on the right, and the other one on the left, transposed.
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
    return makeOutput(backend, info.filterShape, (output) => {
      clear(backend, output);
      const plan = makePlan(backend, info, x, dy, output);
      const phases = plan.down.phases.length * plan.across.phases.length;
      if (phases * info.inChannels <= info.outChannels) multiplyByInput(plan);
      else multiplyByGradient(plan);
    });
  },
);

interface Plan {
  readonly backend: BackendWasm;
  readonly info: backend_util.Conv2DInfo;
  readonly x: TensorInfo;
  readonly dy: TensorInfo;
  readonly output: TensorInfo;
  readonly down: Taps;
  readonly across: Taps;
  /** How many pictures are laid out at a time, and how many cells their grid has. */
  readonly chunk: number;
  readonly cells: number;
  /** A shift reaches no further than this past the first and the last cell. */
  readonly guard: number;
}

function makePlan(
  backend: BackendWasm,
  info: backend_util.Conv2DInfo,
  x: TensorInfo,
  dy: TensorInfo,
  output: TensorInfo,
): Plan {
  const { batchSize, padInfo } = info;
  const down = alignTaps(info.filterHeight, info.strideHeight, padInfo.top, info.inHeight, info.outHeight);
  const across = alignTaps(info.filterWidth, info.strideWidth, padInfo.left, info.inWidth, info.outWidth);
  const picture = down.pitch * across.pitch;
  const chunks = Math.min(batchSize, Math.ceil((batchSize * picture) / longestSum));
  const chunk = Math.ceil(batchSize / chunks);
  const guard = down.reach * across.pitch + across.reach;
  return { backend, info, x, dy, output, down, across, chunk, cells: chunk * picture, guard };
}

/** `dyᵀ · x`: [outChannels, cells] times [cells, inChannels] for each tap. */
function multiplyByInput(plan: Plan): void {
  const { backend, info, down, across, cells, guard } = plan;
  const { inChannels, outChannels } = info;
  const widest = Math.max(inChannels, panel);
  const sizes = [outChannels * cells + 2 * guard, cells * widest, outChannels * widest];
  withScratch(backend, sizes, (left, right, product) => {
    forEachChunk(plan, (first, count) => {
      clear(backend, left);
      layGradient(plan, left, guard, { cell: 1, channel: cells }, first, count);
      for (const rows of down.phases) {
        for (const columns of across.phases) {
          // A few channels fill no panel: then the taps of a row go side by side, each with its shift.
          const sideBySide = columns.taps.length * inChannels <= panel;
          const width = sideBySide ? columns.taps.length * inChannels : inChannels;
          clear(backend, right);
          const copies = sideBySide ? columns.taps.map(({ shift }) => shift) : [undefined];
          copies.forEach((shift, index) => {
            const layout = { cell: width, channel: 1 };
            layInput(plan, right, index * inChannels, layout, first, count, rows, columns, shift);
          });
          const groups = sideBySide ? [columns.taps] : columns.taps.map((tap) => [tap]);
          multiplyBy(backend, { start: start(backend, right), rows: cells, columns: width }, (multiply) => {
            for (const row of rows.taps) {
              for (const group of groups) {
                const shift = row.shift * across.pitch + (sideBySide ? 0 : group[0]!.shift);
                const from = start(backend, left) + guard - shift;
                multiply({ start: from, rows: outChannels, columns: cells }, start(backend, product));
                group.forEach(({ tap }, index) => {
                  addTransposed(plan, product, index * inChannels, width, row.tap, tap);
                });
              }
            }
          });
        }
      }
    });
  });
}

/** `xᵀ · dy`: [inChannels, cells] times [cells, outChannels] for each tap. */
function multiplyByGradient(plan: Plan): void {
  const { backend, info, down, across, cells, guard } = plan;
  const { inChannels, outChannels } = info;
  const sizes = [inChannels * cells + 2 * guard, cells * outChannels, inChannels * outChannels];
  withScratch(backend, sizes, (left, right, product) => {
    forEachChunk(plan, (first, count) => {
      clear(backend, right);
      layGradient(plan, right, 0, { cell: outChannels, channel: 1 }, first, count);
      multiplyBy(backend, { start: start(backend, right), rows: cells, columns: outChannels }, (multiply) => {
        for (const rows of down.phases) {
          for (const columns of across.phases) {
            clear(backend, left);
            layInput(plan, left, guard, { cell: 1, channel: cells }, first, count, rows, columns);
            for (const row of rows.taps) {
              for (const { tap, shift } of columns.taps) {
                const from = start(backend, left) + guard + row.shift * across.pitch + shift;
                multiply({ start: from, rows: inChannels, columns: cells }, start(backend, product));
                add(plan, product, row.tap, tap);
              }
            }
          }
        }
      });
    });
  });
}

function forEachChunk({ info, chunk }: Plan, work: (first: number, count: number) => void): void {
  for (let first = 0; first < info.batchSize; first += chunk)
    work(first, Math.min(chunk, info.batchSize - first));
}

function layGradient(
  { backend, info, dy, down, across }: Plan,
  grid: TensorInfo,
  offset: number,
  layout: { cell: number; channel: number },
  first: number,
  count: number,
): void {
  const axis = (limit: number): Axis => ({ phase: 0, stride: 1, shift: 0, limit });
  layPictures(
    heap(backend),
    { start: start(backend, dy), height: info.outHeight, width: info.outWidth, channels: info.outChannels },
    { start: start(backend, grid) + offset, rows: down.pitch, columns: across.pitch, ...layout },
    { first, count, down: axis(info.outHeight), across: axis(info.outWidth) },
  );
}

/** Lays out one phase of x; with a shift, as the tap of that shift sees it. */
function layInput(
  { backend, info, x, down, across }: Plan,
  grid: TensorInfo,
  offset: number,
  layout: { cell: number; channel: number },
  first: number,
  count: number,
  rows: Phase,
  columns: Phase,
  shift?: number,
): void {
  layPictures(
    heap(backend),
    { start: start(backend, x), height: info.inHeight, width: info.inWidth, channels: info.inChannels },
    { start: start(backend, grid) + offset, rows: down.pitch, columns: across.pitch, ...layout },
    {
      first,
      count,
      down: { phase: rows.phase, stride: info.strideHeight, shift: 0, limit: down.length },
      across: {
        phase: columns.phase,
        stride: info.strideWidth,
        shift: shift ?? 0,
        limit: shift === undefined ? across.length : info.outWidth,
      },
    },
  );
}

/** Adds a product [inChannels, outChannels] to its tap of the gradient. */
function add({ backend, info, output }: Plan, product: TensorInfo, row: number, column: number): void {
  const values = heap(backend);
  const size = info.inChannels * info.outChannels;
  const from = start(backend, product);
  const to = start(backend, output) + (row * info.filterWidth + column) * size;
  for (let index = 0; index < size; index++) values[to + index]! += values[from + index]!;
}

/** Adds a product [outChannels, inChannels], part of rows of `width` values, to its tap of the gradient. */
function addTransposed(
  { backend, info, output }: Plan,
  product: TensorInfo,
  offset: number,
  width: number,
  row: number,
  column: number,
): void {
  const values = heap(backend);
  const { inChannels, outChannels } = info;
  const from = start(backend, product) + offset;
  const to = start(backend, output) + (row * info.filterWidth + column) * inChannels * outChannels;
  for (let input = 0; input < inChannels; input++) {
    for (let channel = 0; channel < outChannels; channel++) {
      values[to + input * outChannels + channel]! += values[from + channel * width + input]!;
    }
  }
}
