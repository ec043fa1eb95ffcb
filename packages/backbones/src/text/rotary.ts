import * as tf from '@tensorflow/tfjs-core';

/** The slowest pair of channels turns by one radian in so many tokens. */
const SLOWEST = 10_000;

/**
 * Turns pairs of channels by angles that grow with a token's place, so that the product of two tokens depends on how far
 * apart they are. A channel's partner is half the channels away.
 *
 * J. Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021, section 3.2.2.
 *
 * @param features [batch, heads, tokens, channels], the channels being even in number.
 */
export function rotary(features: tf.Tensor4D): tf.Tensor4D {
  const [, , tokens, channels] = features.shape;
  const half = channels / 2;
  const angles = Float32Array.from({ length: tokens * channels }, (_, index) => {
    const [token, channel] = [Math.floor(index / channels), index % half];
    return token * SLOWEST ** (-channel / half);
  });
  const table = tf.tensor4d(angles, [1, 1, tokens, channels]);
  const [first, second] = tf.split(features, 2, 3);
  const turned = tf.concat([tf.neg(second), first], 3);
  return tf.add(tf.mul(features, tf.cos(table)), tf.mul(turned, tf.sin(table))) as tf.Tensor4D;
}
