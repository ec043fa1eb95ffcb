import { paddingMask } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type Shapes = Parameters<tfl.layers.Layer['computeOutputShape']>[0];

/** `poolTokens` as a layer. */
class PoolTokens extends tfl.layers.Layer {
  static readonly className = 'EspalierPoolTokens';

  override computeOutputShape(shape: Shapes): Shapes {
    const [batch, , channels] = shape as number[];
    return [batch, 2 * channels];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [features] = Array.isArray(inputs) ? inputs : [inputs];
    return tf.tidy(() => poolTokens(features));
  }
}
tf.serialization.registerClass(PoolTokens);

/** [batch, tokens, channels] to [batch, 2 · channels]: each channel's mean and its largest value, padding left out. */
export function poolTokens(features: tf.Tensor): tf.Tensor {
  const mask = paddingMask(features);
  const mean = tf.div(tf.sum(tf.mul(features, mask), 1), tf.maximum(tf.sum(mask, 1), 1));
  const largest = tf.max(tf.add(features, tf.mul(tf.sub(mask, 1), 1e9)), 1);
  // Of a text without tokens nothing is the largest.
  return tf.concat([mean, tf.mul(largest, tf.max(mask, 1))], -1);
}

/** The features of a whole text, [batch, channels], from those of its tokens; of one vector a text, that vector. */
export function textFeatures(features: tfl.SymbolicTensor, task: string): tfl.SymbolicTensor {
  if (features.shape.length < 3) return features;
  return new PoolTokens({ name: `${task}/pooled` }).apply(features) as tfl.SymbolicTensor;
}
