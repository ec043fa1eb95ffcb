import * as tf from '@tensorflow/tfjs-core';

/**
 * Which tokens are there: 1 for a token, 0 for padding, [batch, tokens, 1]. The features of padding are zero, that of
 * a token are not all zero: every stage for text keeps it so, and heads for text rely on it.
 *
 * @param features [batch, tokens, channels].
 */
export function paddingMask(features: tf.Tensor): tf.Tensor {
  const mask = tf.customGrad((...inputs) => {
    const [own] = inputs as tf.Tensor[];
    // No change of the features changes which tokens there are.
    return { value: tf.sign(tf.max(tf.abs(own), -1, true)), gradFunc: () => tf.zerosLike(own) };
  });
  return mask(features);
}
