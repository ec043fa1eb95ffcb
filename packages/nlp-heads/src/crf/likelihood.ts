import { unstackTokens } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The logarithm of the sum over all sequences of tags of the exponential of their score, [batch]: the forward
 * algorithm. Nothing is read in between, so that a step with it can be traced.
 *
 * C. Sutton, A. McCallum, "An Introduction to Conditional Random Fields", 2012, section 4.1.
 *
 * @param potentials [batch, tokens, tag before, tag].
 * @param mask 1 for a token, 0 for padding, which stands behind the tokens, [batch, tokens].
 */
export function logPartition(potentials: tf.Tensor4D, mask: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => {
    const [first, ...others] = unstackTokens(potentials);
    const isToken = unstackTokens(tf.cast(tf.expandDims(mask, 2), 'bool')).slice(1);
    // Nothing comes before the first token: all rows of its potentials are the same.
    let scores = tf.squeeze(tf.slice(first, [0, 0, 0], [-1, 1, -1]), [1]);
    for (const [token, own] of others.entries()) {
      const next = tf.logSumExp(tf.add(tf.expandDims(scores, 2), own), 1);
      scores = tf.where(isToken[token], next, scores);
    }
    return tf.logSumExp(scores, 1) as tf.Tensor1D;
  });
}

/**
 * The score of one sequence of tags, [batch].
 *
 * @param tags their places, −1 at padding, [batch, tokens].
 */
export function sequenceScore(potentials: tf.Tensor4D, tags: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => {
    const [batch, tokens, , count] = potentials.shape;
    const own = tf.cast(tags, 'float32');
    const before = tf.slice(
      tf.pad(own, [
        [0, 0],
        [1, 0],
      ]),
      [0, 0],
      [-1, tokens],
    );
    // Of padding the place is below zero, where the one-hot encoding is all zeros.
    const place = tf.where(tf.less(own, 0), tf.fill([batch, tokens], -1), tf.add(tf.mul(before, count), own));
    const chosen = tf.oneHot(tf.cast(place, 'int32'), count * count);
    const flat = tf.reshape(potentials, [batch, tokens, count * count]);
    return tf.sum(tf.mul(flat, chosen), [1, 2]) as tf.Tensor1D;
  });
}
