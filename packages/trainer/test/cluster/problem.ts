import { type MultiTaskModel, multiTaskModel } from '@espalier/core';
import { hardSharing } from '@espalier/sharing';
import type { DataOf } from '@espalier/trainer';
import * as tfl from '@tensorflow/tfjs-layers';
import { heads, points, type SideHeads } from '../small-task.js';

/** What chief and workers have in common. A third of the examples has no distance, and so may a whole part of a batch. */
export const data: DataOf<SideHeads> = points(60, 1, (index) => index % 3 > 0);

export function compose(): MultiTaskModel<SideHeads> {
  return multiTaskModel({
    inputShape: [2],
    trunk: () => [
      tfl.layers.dense({
        units: 16,
        activation: 'tanh',
        kernelRegularizer: tfl.regularizers.l2({ l2: 0.01 }),
      }),
    ],
    sharing: hardSharing(),
    heads,
    seed: 1,
  });
}
