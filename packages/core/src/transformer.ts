import * as tf from '@tensorflow/tfjs-core';

/** What hides a token from attention: far below every score, and still finite, so that gradients are. */
const HIDDEN = -1e9;

/** What a query finds, and where it looks for it. */
export interface Attended {
  /** [batch, heads, queries, channels of a head]. */
  readonly found: tf.Tensor4D;
  /** [batch, heads, queries, keys]; the keys of a query sum to 1. */
  readonly weights: tf.Tensor4D;
}

/**
 * Scaled dot-product attention of several heads.
 *
 * A. Vaswani et al., "Attention Is All You Need", 2017, section 3.2.1.
 *
 * @param queries [batch, heads, queries, channels of a head]; keys and values have a row a key instead.
 * @param visible which keys a query may look at, 1 or 0; what broadcasts to [batch, heads, queries, keys].
 */
export function attend(
  queries: tf.Tensor4D,
  keys: tf.Tensor4D,
  values: tf.Tensor4D,
  visible: tf.Tensor,
): Attended {
  const scale = 1 / Math.sqrt(queries.shape[3]);
  const scores = tf.mul(tf.matMul(queries, keys, false, true), scale);
  const weights = tf.softmax(tf.add(scores, tf.mul(tf.sub(1, visible), HIDDEN))) as tf.Tensor4D;
  return { found: tf.matMul(weights, values) as tf.Tensor4D, weights };
}

/** [batch, tokens, channels] to [batch, heads, tokens, channels / heads]. */
export function splitHeads(features: tf.Tensor, heads: number): tf.Tensor4D {
  const [batch, tokens, channels] = features.shape;
  const split = tf.reshape(features, [batch, tokens, heads, Number(channels) / heads]);
  return tf.transpose(split, [0, 2, 1, 3]) as tf.Tensor4D;
}

/** [batch, heads, tokens, channels / heads] to [batch, tokens, channels]. */
export function mergeHeads(features: tf.Tensor4D): tf.Tensor3D {
  const [batch, heads, tokens, channels] = features.shape;
  return tf.reshape(tf.transpose(features, [0, 2, 1, 3]), [batch, tokens, heads * channels]);
}

/** features · kernel + bias, of features [batch, tokens, channels] and a kernel [channels, units]. */
export function project(features: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor): tf.Tensor3D {
  const [batch, tokens, channels] = features.shape;
  const flat = tf.reshape(features, [Number(batch) * Number(tokens), Number(channels)]);
  const projected = tf.add(tf.matMul(flat as tf.Tensor2D, kernel as tf.Tensor2D), bias);
  return tf.reshape(projected, [Number(batch), Number(tokens), Number(kernel.shape[1])]);
}

/**
 * Every token's channels with mean 0 and variance 1, scaled and shifted.
 *
 * J. Ba, J. Kiros, G. Hinton, "Layer Normalization", 2016, section 3.
 */
export function layerNorm(
  features: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  epsilon: number,
): tf.Tensor {
  const centred = tf.sub(features, tf.mean(features, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), gamma), beta);
}

/** x · Φ(x), Φ being the normal distribution (D. Hendrycks, K. Gimpel, "Gaussian Error Linear Units", 2016). */
export function gelu(features: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(features, 0.5), tf.add(tf.erf(tf.mul(features, Math.SQRT1_2)), 1));
}

/** Features of which a share is dropped in training; the others grow by as much. */
export function dropped(features: tf.Tensor, rate: number, training: boolean): tf.Tensor {
  return training && rate > 0 ? tf.dropout(features, rate) : features;
}
