import { applyShared, type ByTask, configOf, layerFromConfig, type Stage } from '@espalier/core';

/**
 * Runs tasks' features through copies of a stage: the given one takes the first name, and copies of it the others. A
 * stage that has weights already, such as a pretrained one, is copied with them; the copies of any other draw their own
 * initial weights.
 *
 * @param features what each copy is applied to, by the copy's name.
 * @returns what each copy gives, in the order of the names.
 * @throws StageError when the stage cannot be copied, or does not take these features.
 */
export function applyCopies(stage: Stage, features: ReadonlyMap<string, ByTask>): ByTask[] {
  const pretrained = stage.weights.length > 0;
  const copies = [...features.keys()].map((name, index) => (index === 0 ? stage : copyStage(stage, name)));
  return [...features].map(([name, own], index) => {
    const copy = copies[index];
    copy.name = name;
    const output = applyShared(copy, own);
    if (pretrained && index > 0) copy.setWeights(stage.getWeights());
    return output;
  });
}

/** A stage like the given one, without its weights. */
function copyStage(stage: Stage, name: string): Stage {
  const { className, config } = configOf(stage);
  const copy = layerFromConfig({ className, config: { ...config, name } }, stage.name);
  // A model's config does not say that it is frozen.
  if (!stage.trainable) copy.trainable = false;
  return copy;
}
