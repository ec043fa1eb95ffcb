import * as tf from '@tensorflow/tfjs-core';

/** The gradient sums what was repeated; its shape names the repetitions and the lengths of the axes in turn. */
const tileGradient: tf.GradConfig = {
  kernelName: tf.Tile,
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const shape = saved[0]!.shape;
    const { reps } = attrs as unknown as tf.TileAttrs;
    return {
      x: () => {
        // tfjs's tensors have six axes at most, so one axis at a time.
        let sum = dy as tf.Tensor;
        reps.forEach((count, axis) => {
          if (count === 1) return;
          const before = tf.util.sizeFromShape(shape.slice(0, axis));
          const after = tf.util.sizeFromShape(sum.shape.slice(axis + 1)) * shape[axis]!;
          const halfSummed = [...shape.slice(0, axis + 1), ...sum.shape.slice(axis + 1)];
          sum = tf.reshape(tf.sum(tf.reshape(sum, [before, count, after]), 1), halfSummed);
        });
        return tf.reshape(sum, shape);
      },
    };
  },
};

/**
 * Replaces the gradient of `tf.tile`, on every backend. The stock one slices out and adds up one repetition after
 * another: a layer normalisation of 32 pictures of 16 x 16 took 4,000 kernels, and half a second.
 */
export function registerTileGradient(): void {
  tf.registerGradient(tileGradient);
}
