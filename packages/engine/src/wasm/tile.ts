import { type TensorInfo, Tile, type TileAttrs, util } from '@tensorflow/tfjs-core';
import { kernel } from './kernel.js';

/**
 * Repeats a tensor along its axes; the gradient of batch normalisation repeats its statistics over the whole
 * batch this way. The stock kernel computes every value's indices; this one copies memory.
 */
export const tile = kernel<{ x: TensorInfo }, TileAttrs>(
  Tile,
  ({ inputs: { x }, attrs: { reps }, backend }) => {
    const shape = x.shape.map((length, axis) => length * reps[axis]!);
    const output = backend.makeOutput(shape, x.dtype);
    const values = backend.typedArrayFromHeap(output);
    repeat(backend.typedArrayFromHeap(x), 0, values, 0, x.shape, reps, 0);
    return output;
  },
);

type Values = Float32Array | Int32Array | Uint8Array;

/** Writes the tensor that begins at `from`, repeated along `axis` and those after it; returns where that ends. */
function repeat(
  source: Values,
  from: number,
  target: Values,
  to: number,
  shape: readonly number[],
  reps: readonly number[],
  axis: number,
): number {
  if (axis === shape.length) {
    target[to] = source[from]!;
    return to + 1;
  }
  let end = to;
  // With nothing repeated from here on, the rest is one stretch of memory.
  if (reps.slice(axis + 1).every((count) => count === 1)) {
    const length = util.sizeFromShape(shape.slice(axis));
    target.set(source.subarray(from, from + length), to);
    end += length;
  } else {
    const step = util.sizeFromShape(shape.slice(axis + 1));
    for (let index = 0; index < shape[axis]!; index++) {
      end = repeat(source, from + index * step, target, end, shape, reps, axis + 1);
    }
  }
  const last = to + (end - to) * reps[axis]!;
  // What is written already is copied behind itself, twice as much every time.
  for (let written = end; written < last; written += Math.min(written - to, last - written)) {
    target.copyWithin(written, to, to + Math.min(written - to, last - written));
  }
  return last;
}
