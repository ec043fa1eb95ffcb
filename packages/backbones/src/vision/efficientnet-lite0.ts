import type { Trunk } from '@espalier/core';
import { invertedResidualNetwork } from './inverted-residual-network.js';

/**
 * EfficientNet-Lite0 without its top: five stages of strides 2, 4, 8, 16 and 32, the last of 1280 channels. Padded as
 * in TensorFlow, where its weights come from. Inputs are (value − 127) / 128 of values from 0 to 255.
 *
 * M. Tan, Q. Le, "EfficientNet", ICML 2019, table 1, without squeeze-and-excitation and with ReLU6 for swish, as in
 * TensorFlow's tpu/models/official/efficientnet/lite.
 */
export function efficientNetLite0(): Trunk {
  return invertedResidualNetwork({
    groups: [
      { expansion: 1, channels: 16, blocks: 1, strides: 1, kernelSize: 3 },
      { expansion: 6, channels: 24, blocks: 2, strides: 2, kernelSize: 3 },
      { expansion: 6, channels: 40, blocks: 2, strides: 2, kernelSize: 5 },
      { expansion: 6, channels: 80, blocks: 3, strides: 2, kernelSize: 3 },
      { expansion: 6, channels: 112, blocks: 3, strides: 1, kernelSize: 5 },
      { expansion: 6, channels: 192, blocks: 4, strides: 2, kernelSize: 5 },
      { expansion: 6, channels: 320, blocks: 1, strides: 1, kernelSize: 3 },
    ],
    padding: 'same',
    epsilon: 1e-3,
  });
}
