import type { Features } from '@espalier/core';
import * as tfl from '@tensorflow/tfjs-layers';

/** Outputs for every cell of the last feature map: a convolution over neighbours, then one of each cell alone. */
export function pixelOutputs(
  features: Features,
  task: string,
  { name, channels, outputs }: { readonly name: string; readonly channels: number; readonly outputs: number },
): tfl.SymbolicTensor {
  const hidden = tfl.layers
    .conv2d({
      name: `${task}/hidden`,
      filters: channels,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
      kernelInitializer: 'heNormal',
    })
    .apply(features[features.length - 1]);
  return tfl.layers
    .conv2d({ name: `${task}/${name}`, filters: outputs, kernelSize: 1 })
    .apply(hidden) as tfl.SymbolicTensor;
}
