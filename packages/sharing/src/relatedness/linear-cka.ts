import * as tf from '@tensorflow/tfjs-core';
import { SharingError } from '../errors.js';

/**
 * Linear CKA, centered kernel alignment: how similar two representations of the same examples are, from 0 to 1. Neither
 * rotation nor scale of the features matters, nor how many there are.
 *
 * S. Kornblith et al., "Similarity of Neural Network Representations Revisited", ICML 2019, section 3.
 *
 * @param first [examples, ...], of two examples or more.
 * @param second [examples, ...], with the same examples in the same order.
 */
export async function linearCka(first: tf.Tensor, second: tf.Tensor): Promise<number> {
  const [examples] = first.shape;
  if (examples < 2 || examples !== second.shape[0]) {
    throw new SharingError(
      `CKA was given representations of ${examples} and ${second.shape[0]} examples; it compares those of the same two or more.`,
    );
  }
  const similarity = tf.tidy(() => {
    const [x, y] = [first, second].map((features) => {
      const flat = tf.reshape(features, [examples, -1]);
      return tf.sub(flat, tf.mean(flat, 0, true)) as tf.Tensor2D;
    });
    // ‖XᵀY‖ is the inner product of the Gramians of examples, which stay small however many features there are.
    const [k, l] = [x, y].map((centered) => tf.matMul(centered, centered, false, true));
    const inner = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b));
    return tf.div(inner(k, l), tf.sqrt(tf.mul(inner(k, k), inner(l, l))));
  });
  try {
    return (await similarity.data())[0];
  } finally {
    similarity.dispose();
  }
}
