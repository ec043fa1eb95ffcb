import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { messageOf, StageError } from '../errors.js';

/** A layer as a config: the class by its name, and what `getConfig` gave. */
export type LayerConfig = {
  className: string;
  config: tf.serialization.ConfigDict;
};

/** What `layerFromConfig` makes the layer again from. */
export function configOf(layer: tfl.layers.Layer): LayerConfig {
  return { className: layer.getClassName(), config: layer.getConfig() };
}

/**
 * A layer of this class and config, without weights.
 *
 * @param stage the stage that the error names.
 * @throws StageError when the class is not registered, or does not make a layer from the config.
 */
export function layerFromConfig({ className, config }: LayerConfig, stage: string): tfl.layers.Layer {
  const registered = tf.serialization.SerializationMap.getMap().classNameMap[className];
  if (registered === undefined) {
    throw new StageError(
      stage,
      `cannot be made again: its class ${className} is unknown; call tf.serialization.registerClass with it.`,
    );
  }
  const [layerClass, fromConfig] = registered;
  try {
    return fromConfig(layerClass, config) as tfl.layers.Layer;
  } catch (error) {
    throw new StageError(
      stage,
      `cannot be made again: ${className}.fromConfig does not take what its getConfig gives: ${messageOf(error)}`,
      { cause: error },
    );
  }
}
