import { applyStage, type Stage, StageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';

/**
 * Runs several tensors of features through a stage each: the given one takes the first name, and copies of it the
 * others. A stage that has weights already, such as a pretrained one, is copied with them; the copies of any other
 * draw their own initial weights.
 *
 * @param features what each copy is applied to, by the copy's name.
 * @returns what each copy gives, in the order of the names.
 * @throws StageError when the stage cannot be copied, or does not take these features.
 */
export function applyCopies(stage: Stage, features: ReadonlyMap<string, SymbolicTensor>): SymbolicTensor[] {
  const pretrained = stage.weights.length > 0;
  const copies = [...features.keys()].map((name, index) => (index === 0 ? stage : copyStage(stage, name)));
  return [...features].map(([name, input], index) => {
    const copy = copies[index];
    copy.name = name;
    const output = applyStage(copy, input);
    if (pretrained && index > 0) copy.setWeights(stage.getWeights());
    return output;
  });
}

/**
 * A stage like the given one, from its class and its config, without its weights.
 *
 * @throws StageError when the stage's class is not registered, or does not make a layer from its config.
 */
function copyStage(stage: Stage, name: string): Stage {
  const className = stage.getClassName();
  const registered = tf.serialization.SerializationMap.getMap().classNameMap[className];
  if (registered === undefined) {
    throw new StageError(
      stage.name,
      `cannot be copied: its class ${className} is unknown; call tf.serialization.registerClass with it.`,
    );
  }
  const [stageClass, fromConfig] = registered;
  let copy: Stage;
  try {
    copy = fromConfig(stageClass, { ...stage.getConfig(), name }) as Stage;
  } catch (error) {
    throw new StageError(
      stage.name,
      `cannot be copied: ${className}.fromConfig does not take what its getConfig gives: ` +
        `${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  // A model's config does not say that it is frozen.
  if (!stage.trainable) copy.trainable = false;
  return copy;
}
