import { smallCnn, unet } from '@espalier/backbones';
import { type Heads, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import { hardSharing } from '@espalier/sharing';
import { instanceSegmentation, semanticSegmentation } from '@espalier/vision-heads';
import { SIDE } from './pictures.js';

/** Which pixels show a nucleus, and which nucleus each of them shows. */
export const heads = {
  tissue: semanticSegmentation({ classes: ['background', 'nucleus'], channels: 8, dice: 1 }),
  nuclei: instanceSegmentation({ classes: ['nucleus'], channels: 12 }),
};

/** A U-Net of four strides: 256 × 256 pixels in, as many places of 16 channels out; about a billion multiply-adds. */
const trunk = () => unet({ encoder: smallCnn({ channels: [16, 32, 64, 96] }), channels: [64, 32, 24, 16] });

/** One trunk for the tasks of these heads. */
export function compose<Own extends Heads>(own: Own, seed: number): MultiTaskModel<Own> {
  return multiTaskModel({ inputShape: [SIDE, SIDE, 3], trunk, sharing: hardSharing(), heads: own, seed });
}
