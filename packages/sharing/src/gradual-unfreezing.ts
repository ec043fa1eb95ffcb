import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import type { layers } from '@tensorflow/tfjs-layers';
import { checkCount } from './errors.js';
import { stagesOfLayers } from './stages.js';

export interface GradualUnfreezingOptions {
  /** After how many epochs another stage begins to learn; 1 unless given. */
  readonly epochs?: number;
}

/**
 * Gradual unfreezing of a pretrained trunk: at first only the heads learn; then, from the last to the first, one stage
 * after another joins in. Stages that were frozen before stay so.
 *
 * J. Howard and S. Ruder, "Universal Language Model Fine-tuning for Text Classification" (ULMFiT), ACL 2018, section 3.3.
 *
 * @returns what is to be told how many epochs are done; it gives the names of the stages that learn from then on. It is
 *   what the trainer takes as `unfreeze`.
 * @throws SharingError when `epochs` is not a whole number from 1.
 */
export function gradualUnfreezing<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  { epochs = 1 }: GradualUnfreezingOptions = {},
): (epochsDone: number) => readonly string[] {
  checkCount('epochs', epochs, 1);
  const byStage = new Map<string, layers.Layer[]>(model.stages.map((stage) => [stage, []]));
  for (const [layer, stage] of stagesOfLayers(model)) {
    if (layer.trainableWeights.length > 0) byStage.get(stage)!.push(layer);
  }
  const unfreeze = (epochsDone: number) => {
    const learning = model.stages.slice(Math.max(0, model.stages.length - Math.floor(epochsDone / epochs)));
    for (const [stage, own] of byStage) {
      for (const layer of own) layer.trainable = learning.includes(stage);
    }
    return learning;
  };
  unfreeze(0);
  return unfreeze;
}
