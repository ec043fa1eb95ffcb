import type { Trunk } from '@espalier/core';
import { invertedResidualNetwork } from './inverted-residual-network.js';

export interface MobilenetV2Options {
  /**
   * Whose MobileNetV2 it is, which decides what weights fit: `torchvision` (and timm) pads strided convolutions on both
   * sides; `keras` as TensorFlow does, with another ε in the normalization. `torchvision` unless given.
   */
  readonly variant?: 'torchvision' | 'keras';
}

/**
 * MobileNetV2 (width 1.0) without its top: five stages of strides 2, 4, 8, 16 and 32, the last of 1280 channels.
 *
 * M. Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018, table 2.
 */
export function mobilenetV2({ variant = 'torchvision' }: MobilenetV2Options = {}): Trunk {
  return invertedResidualNetwork({
    groups: [
      { expansion: 1, channels: 16, blocks: 1, strides: 1, kernelSize: 3 },
      { expansion: 6, channels: 24, blocks: 2, strides: 2, kernelSize: 3 },
      { expansion: 6, channels: 32, blocks: 3, strides: 2, kernelSize: 3 },
      { expansion: 6, channels: 64, blocks: 4, strides: 2, kernelSize: 3 },
      { expansion: 6, channels: 96, blocks: 3, strides: 1, kernelSize: 3 },
      { expansion: 6, channels: 160, blocks: 3, strides: 2, kernelSize: 3 },
      { expansion: 6, channels: 320, blocks: 1, strides: 1, kernelSize: 3 },
    ],
    ...(variant === 'keras' ? { padding: 'same', epsilon: 1e-3 } : { padding: 'symmetric', epsilon: 1e-5 }),
  });
}
