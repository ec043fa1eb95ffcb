import * as tf from '@tensorflow/tfjs-core';

/** Every value of x has the gradient of the sum that it is part of. */
const sumGradient: tf.GradConfig = {
  kernelName: tf.Sum,
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const { axis } = attrs as unknown as tf.SumAttrs;
    return { x: () => spread(dy as tf.Tensor, saved[0]!.shape, axis) };
  },
};

const meanGradient: tf.GradConfig = {
  kernelName: tf.Mean,
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const { shape } = saved[0]!;
    const { axis } = attrs as unknown as tf.MeanAttrs;
    const counted = tf.util.parseAxisParam(axis, shape).reduce((count, axis) => count * shape[axis]!, 1);
    return { x: () => spread(tf.div(dy as tf.Tensor, counted), shape, axis) };
  },
};

function spread(dy: tf.Tensor, shape: number[], axis: number | number[]): tf.Tensor {
  const axes = tf.util.parseAxisParam(axis, shape);
  const kept = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  return tf.broadcastTo(tf.reshape(dy, kept), shape);
}

/**
 * Replaces the gradients of `tf.sum` and `tf.mean`, on every backend. The stock ones multiply by a tensor of ones in
 * the shape of x, which JavaScript fills value by value and hands over anew each time: a quarter of the training step
 * of a small CNN with batch normalisation.
 */
export function registerReductionGradients(): void {
  tf.registerGradient(sumGradient);
  tf.registerGradient(meanGradient);
}
