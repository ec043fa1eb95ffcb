import * as tf from '@tensorflow/tfjs-core';

/**
 * The tokens of [batch, tokens, ...], one tensor each. For texts of one token too, of which tfjs 4.22 cannot take the
 * gradient of `tf.unstack`: it hands that a tensor where a list is expected.
 */
export function unstackTokens(features: tf.Tensor): tf.Tensor[] {
  return features.shape[1] === 1 ? [tf.squeeze(features, [1])] : tf.unstack(features, 1);
}
