import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { addRegions } from './add-regions.js';
import { heap, makeOutput, start, withScratch } from './heap.js';
import { kernel, type WasmKernel } from './kernel.js';

interface ReductionAttributes {
  readonly axis: number | number[];
  readonly keepDims: boolean;
}

/** This few values are added up in JavaScript, in float64: a call to halve them would take longer. */
const lastValues = 8192;

/**
 * `Sum` or `Mean` over axes that end before the last one, as in a batch's statistics, a bias's gradient and global
 * pooling. The stock kernels transpose first and then sum value by value. Here the second half of the rows is added to
 * the first until few are left: in whole vectors as they lie, and each value is in few additions, which keeps its
 * digits. Other reductions are left to the stock kernel.
 */
export function sumRows(kernelName: 'Sum' | 'Mean', stock: KernelFunc): WasmKernel {
  return kernel<{ x: TensorInfo }, ReductionAttributes>(kernelName, ({ inputs: { x }, attrs, backend }) => {
    const axes = util.parseAxisParam(attrs.axis, x.shape).sort((a, b) => a - b);
    const first = axes[0] ?? 0;
    const afterLast = (axes.at(-1) ?? -1) + 1;
    const groups = util.sizeFromShape(x.shape.slice(0, first));
    const rows = util.sizeFromShape(x.shape.slice(first, afterLast));
    const columns = util.sizeFromShape(x.shape.slice(afterLast));
    const contiguous = axes.length > 0 && afterLast - first === axes.length;
    if (x.dtype !== 'float32' || !contiguous || columns < 4 || rows < 8) {
      const result = stock({ inputs: { x }, attrs: { ...attrs }, backend });
      return Array.isArray(result) ? result[0]! : result;
    }
    const kept = attrs.keepDims ? axes.map(() => 1) : [];
    const shape = [...x.shape.slice(0, first), ...kept, ...x.shape.slice(afterLast)];
    return makeOutput(backend, shape, (output) => {
      const sums = addRows(backend, x, groups, rows, columns);
      if (kernelName === 'Mean') for (let index = 0; index < sums.length; index++) sums[index]! /= rows;
      heap(backend).set(sums, start(backend, output));
    });
  });
}

/** The sums of the rows of each group; `x` is [groups, rows, columns]. */
function addRows(
  backend: BackendWasm,
  x: TensorInfo,
  groups: number,
  rows: number,
  columns: number,
): Float64Array {
  const sums = new Float64Array(groups * columns);
  withScratch(backend, [Math.ceil(rows / 2) * columns], (halved) => {
    for (let group = 0; group < groups; group++) {
      let from = start(backend, x) + group * rows * columns;
      let left = rows;
      while (left * columns > lastValues) {
        const half = left >> 1;
        // An odd row has no partner.
        if (left % 2 === 1)
          addTo(sums, group * columns, heap(backend), from + 2 * half * columns, 1, columns);
        addRegions(backend, from, from + half * columns, start(backend, halved), half * columns);
        from = start(backend, halved);
        left = half;
      }
      addTo(sums, group * columns, heap(backend), from, left, columns);
    }
  });
  return sums;
}

function addTo(
  sums: Float64Array,
  into: number,
  values: Float32Array,
  from: number,
  rows: number,
  columns: number,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) sums[into + column]! += values[from++]!;
  }
}
