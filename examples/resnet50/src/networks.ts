import { resnet50 } from '@espalier/backbones';
import { type Heads, type MultiTaskModel, multiTaskModel } from '@espalier/core';
import { hardSharing } from '@espalier/sharing';
import { classification, detection, multiLabelClassification } from '@espalier/vision-heads';
import { digits, objects, SIDE } from './pictures.js';

/** A softmax over the classes, and sigmoids for classes + 1 objects: two outputs, trained jointly. */
export const classAndPresence = {
  digit: classification({ classes: digits }),
  presence: multiLabelClassification({ classes: objects }),
};

/** The same with a real detection head in place of the sigmoids. */
export const classAndBoxes = {
  digit: classification({ classes: digits }),
  boxes: detection({ classes: digits }),
};

/** ResNet50 over 224 × 224 × 3 without its top, and heads behind its last stage. */
export function compose<Own extends Heads>(heads: Own, seed: number): MultiTaskModel<Own> {
  return multiTaskModel({
    inputShape: [SIDE, SIDE, 3],
    trunk: resnet50,
    sharing: hardSharing(),
    heads,
    seed,
  });
}
