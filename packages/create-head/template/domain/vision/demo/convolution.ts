import { block } from '@espalier/core';
import * as tfl from '@tensorflow/tfjs-layers';

/** Learns patterns of 3 × 3 places; a stride of 2 halves the map. */
export function convolution(filters: number, strides = 1) {
  return block(
    tfl.layers.conv2d({ filters, kernelSize: 3, strides, padding: 'same', kernelInitializer: 'heNormal' }),
    tfl.layers.reLU(),
  );
}
