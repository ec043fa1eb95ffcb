import { block, type Heads, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import { hardSharing } from '@espalier/sharing';
import * as tfl from '@tensorflow/tfjs-layers';
import { soundClass } from './sound-class.js';

/** Bands on the mel scale. */
export const MELS = 40;
/** One second: longer recordings are cut, shorter ones have silence around them. */
export const WINDOW = 98;

export const speakers = ['george', 'jackson', 'lucas', 'nicolas', 'theo', 'yweweler'] as const;

/** Which digit was said, and who said it. */
export const heads = {
  digit: soundClass({ classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] }),
  speaker: soundClass({ classes: speakers }),
};

/** Along time only, since a pitch means something by where it is: 5 million multiply-adds. */
const trunk = () => [convolution(64, 1), convolution(96, 2), convolution(128, 2), convolution(128, 1)];

function convolution(filters: number, strides: number) {
  return block(
    tfl.layers.conv1d({
      filters,
      kernelSize: 5,
      strides,
      padding: 'same',
      useBias: false,
      kernelInitializer: 'heNormal',
    }),
    tfl.layers.batchNormalization({ momentum: 0.9 }),
    tfl.layers.reLU(),
    tfl.layers.dropout({ rate: 0.1 }),
  );
}

/** One trunk for the tasks of these heads. */
export function compose<Own extends Heads>(own: Own, seed: number): MultiTaskModel<Own> {
  return multiTaskModel({
    inputShape: [WINDOW, MELS],
    trunk,
    sharing: hardSharing(),
    heads: own,
    seed,
  });
}
