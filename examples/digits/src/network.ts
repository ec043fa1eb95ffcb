import { block, type Heads, type MultiTaskModel, multiTaskModel, type Sharing } from '@espalier/core';
import { SCENE_SIZE } from '@espalier/datasets';
import { hardSharing } from '@espalier/sharing';
import { classification, detection } from '@espalier/vision-heads';
import * as tfl from '@tensorflow/tfjs-layers';

/** Which digit is the largest, and where every digit is. */
export const heads = {
  largest: classification({ classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] }),
  digits: detection({ classes: ['digit'] }),
};

export type DigitHeads = typeof heads;

/** A small CNN: 64 × 64 pixels become 8 × 8 places of 64 channels, in about 10 million multiply-adds. */
const stages = [
  { filters: 16, strides: 2 },
  { filters: 32, strides: 2 },
  { filters: 32, strides: 1 },
  { filters: 64, strides: 2 },
  { filters: 64, strides: 1 },
  { filters: 64, strides: 1 },
];

function convolution(filters: number, strides: number) {
  return block(
    tfl.layers.conv2d({
      filters,
      kernelSize: 3,
      strides,
      padding: 'same',
      useBias: false,
      kernelInitializer: 'heNormal',
    }),
    tfl.layers.batchNormalization({ momentum: 0.9 }),
    tfl.layers.reLU(),
  );
}

/** One trunk for the tasks of these heads, with so many times as many channels. */
export function compose<Own extends Heads>(
  own: Own,
  seed: number,
  sharing: Sharing = hardSharing(),
  width = 1,
): MultiTaskModel<Own> {
  return multiTaskModel({
    inputShape: [SCENE_SIZE, SCENE_SIZE, 1],
    trunk: () => stages.map(({ filters, strides }) => convolution(Math.ceil(filters * width), strides)),
    sharing,
    heads: own,
    seed,
  });
}
