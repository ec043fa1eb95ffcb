import * as tf from '@tensorflow/tfjs-core';

/**
 * The sum of the trace norms (of all singular values) of matrices W with the same small number T of rows.
 *
 * It is the trace of the square root of the Gramian W Wᵀ, T × T, and its gradient is the inverse of that root times W.
 * Both come from one Newton-Schulz iteration over all matrices at once: tensor operations only, nothing that a traced
 * step could not hold, and no singular value decomposition, which tfjs does not have. The Gramian's diagonal is raised
 * by `RELATIVE_RISE` of its trace, so that the root has an inverse: singular values below a thousandth of the norm
 * count as about that much.
 */
export function traceNorm(matrices: readonly tf.Tensor2D[]): tf.Scalar {
  const withGradient = tf.customGrad((...inputs) => {
    const own = inputs.slice(0, matrices.length) as tf.Tensor2D[];
    const save = inputs[matrices.length] as tf.GradSaveFunc;
    const grams = tf.stack(own.map((matrix) => tf.matMul(matrix, matrix, false, true)));
    const identity = tf.eye(own[0].shape[0]);
    const { root, inverse } = squareRoots(grams, identity);
    save([...own, inverse]);
    return {
      value: tf.sum(tf.mul(root, identity)) as tf.Scalar,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const inverses = tf.unstack(saved[matrices.length]) as tf.Tensor2D[];
        return inverses.map((one, index) => tf.mul(tf.matMul(one, saved[index] as tf.Tensor2D), dy));
      },
    };
  });
  return withGradient(...matrices) as tf.Scalar;
}

const RELATIVE_RISE = 1e-6;
/** From an eigenvalue of `RELATIVE_RISE` the iteration's factor of 1.5 a step needs 17 to come near 1, and 5 more converge. */
const ITERATIONS = 22;

/** The square roots of positive semidefinite matrices, [matrices, T, T], and the inverses of these roots. */
function squareRoots(grams: tf.Tensor, identity: tf.Tensor2D): { root: tf.Tensor; inverse: tf.Tensor } {
  const traces = tf.sum(tf.mul(grams, identity), [1, 2], true);
  // Copies that are all zero have no direction; any scale gives them the root zero.
  const scale = tf.maximum(traces, 1e-30);
  let root: tf.Tensor = tf.add(tf.div(grams, scale), tf.mul(identity, RELATIVE_RISE));
  let inverse: tf.Tensor = tf.tile(tf.expandDims(identity), [grams.shape[0], 1, 1]);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const step = tf.div(tf.sub(tf.mul(identity, 3), tf.matMul(inverse, root)), 2);
    root = tf.matMul(root, step);
    inverse = tf.matMul(step, inverse);
  }
  const length = tf.sqrt(scale);
  return { root: tf.mul(root, length), inverse: tf.div(inverse, length) };
}
