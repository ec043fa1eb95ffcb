import { Block, type Trunk } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The stages of a backbone as ones that no training changes: their weights stay as they are, and their batch
 * normalizations go by the statistics that they have, in training too. For pretrained weights and few pictures, or small
 * batches; a step is faster, since it stops at them on its way back.
 *
 * @example
 * ```ts
 * const backbone = frozen(loadWeights(efficientNetLite0(), weights, weightSources.efficientNetLite0.layout));
 * ```
 */
export function frozen(stages: Trunk): Trunk {
  return stages.map((stage) => {
    const own = new FrozenStage([stage], { name: stage.name });
    own.trainable = false;
    // Its weights are there already.
    own.built = stage.built;
    return own;
  });
}

class FrozenStage extends Block {
  static override readonly className = 'EspalierFrozenStage';

  override call(...[inputs, kwargs]: Parameters<Block['call']>): ReturnType<Block['call']> {
    return super.call(inputs, { ...kwargs, training: false });
  }
}
tf.serialization.registerClass(FrozenStage);
