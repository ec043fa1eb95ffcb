import * as tf from '@tensorflow/tfjs-core';

/**
 * The softmax cross-entropy of every picture in nats: the mean over its known pixels by the weights of their classes.
 *
 * @param scores [batch, height, width, classes].
 * @param target the class of every pixel, negative where it is not known, [batch, height, width].
 */
export function pixelCrossEntropies(
  scores: tf.Tensor,
  target: tf.Tensor,
  classWeights: readonly number[],
): tf.Tensor1D {
  return tf.tidy(() => {
    // A row of zeros where the class is not known.
    const chosen = tf.oneHot(tf.cast(target, 'int32'), classWeights.length);
    const weighted = tf.mul(chosen, tf.tensor1d([...classWeights]));
    const losses = tf.neg(tf.sum(tf.mul(weighted, tf.logSoftmax(scores)), [1, 2, 3]));
    // Where no pixel is known, the sum of the losses is 0 too.
    return tf.div(losses, tf.maximum(tf.sum(weighted, [1, 2, 3]), 1e-12)) as tf.Tensor1D;
  });
}
