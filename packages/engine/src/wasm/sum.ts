import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { call, reshaped } from './call.js';
import { heap, makeOutput, start } from './heap.js';
import { kernel, type WasmKernel } from './kernel.js';

interface ReductionAttributes {
  readonly axis: number | number[];
  readonly keepDims: boolean;
}

/** How many rows XNNPACK sums at once, in float32; the sums of these are added up in float64. */
const rowsAtOnce = 256;

/**
 * `Sum` or `Mean` over axes that end before the last one, as in a batch's statistics, a bias's gradient and global
 * pooling. The stock kernels transpose first and then sum value by value; XNNPACK's average pooling adds rows as
 * they lie, ten times faster. Other reductions are left to the stock kernel.
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
  // Groups of one length pool in one call; the longest that divides the rows, for nothing to be left over.
  const pooled = largestDivisor(rows, rowsAtOnce);
  const parts = rows / pooled;
  const means = call(
    backend,
    'AvgPool',
    { x: reshaped(x, [groups * parts, pooled, 1, columns]) },
    { filterSize: [pooled, 1], strides: [1, 1], pad: 'valid' },
  );
  const values = heap(backend);
  let from = start(backend, means);
  for (let group = 0; group < groups; group++) {
    const into = group * columns;
    for (let part = 0; part < parts; part++) {
      for (let column = into; column < into + columns; column++) sums[column]! += values[from++]! * pooled;
    }
  }
  backend.disposeData(means.dataId);
  return sums;
}

function largestDivisor(whole: number, limit: number): number {
  for (let divisor = Math.min(whole, limit); divisor > 1; divisor--)
    if (whole % divisor === 0) return divisor;
  return 1;
}
