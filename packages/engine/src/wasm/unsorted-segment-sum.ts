import {
  type TensorInfo,
  UnsortedSegmentSum,
  type UnsortedSegmentSumAttrs,
  util,
} from '@tensorflow/tfjs-core';
import { EngineError } from '../errors.js';
import { clear, heap, makeOutput, start } from './heap.js';
import { kernel } from './kernel.js';

/**
 * Sums the items of each segment: the gradient of `tf.gather`, and so of an embedding. TensorFlow.js has no such
 * kernel for WASM. Each item is added to its segment's row, in order; it takes no memory but the result's. As in
 * TensorFlow, an item whose segment does not exist counts nowhere.
 */
export const unsortedSegmentSum = kernel<{ x: TensorInfo; segmentIds: TensorInfo }, UnsortedSegmentSumAttrs>(
  UnsortedSegmentSum,
  ({ inputs: { x, segmentIds }, attrs: { numSegments }, backend }) => {
    const items = segmentIds.shape[0];
    if (segmentIds.shape.length !== 1 || items !== x.shape[0] || segmentIds.dtype !== 'int32') {
      throw new EngineError(
        'wasm',
        `unsortedSegmentSum expected segmentIds of int32 and shape [${x.shape[0]}], one for each item, found ` +
          `${segmentIds.dtype} of shape [${segmentIds.shape.join(', ')}]`,
        'Give each item along the first axis the number of its segment.',
      );
    }
    if (x.dtype !== 'float32') {
      throw new EngineError('wasm', `unsortedSegmentSum sums float32, not ${x.dtype}`, 'Cast x to float32.');
    }
    const itemShape = x.shape.slice(1);
    const width = util.sizeFromShape(itemShape);
    return makeOutput(backend, [numSegments, ...itemShape], (output) => {
      const values = heap(backend);
      const ids = backend.typedArrayFromHeap(segmentIds);
      const into = start(backend, output);
      const from = start(backend, x);
      clear(backend, output);
      for (let item = 0; item < items; item++) {
        const segment = ids[item]!;
        if (segment < 0 || segment >= numSegments) continue;
        const source = from + item * width;
        const target = into + segment * width;
        for (let index = 0; index < width; index++) values[target + index]! += values[source + index]!;
      }
    });
  },
);
