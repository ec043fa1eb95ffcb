import { block } from '@espalier/core';
import * as tfl from '@tensorflow/tfjs-layers';

/** Learns patterns of 5 steps in a row. */
export function convolution(filters: number) {
  return block(
    tfl.layers.conv1d({ filters, kernelSize: 5, padding: 'same', kernelInitializer: 'heNormal' }),
    tfl.layers.reLU(),
  );
}
