import * as tf from '@tensorflow/tfjs-core';

/** Boxes as tensors of one shape: the place of their middle, and their size. */
export interface BoxTensors {
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
  readonly width: tf.Tensor;
  readonly height: tf.Tensor;
}

/**
 * 1 − GIoU of boxes, from 0 where they are equal to 2: beside the overlap, the part of the smallest box around both that
 * neither fills, so that boxes that are apart have a gradient too.
 *
 * H. Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019, algorithm 1. Sizes are above 0.
 */
export function generalizedIouLosses(found: BoxTensors, truth: BoxTensors): tf.Tensor {
  return tf.tidy(() => {
    const across = sides(found.x, found.width, truth.x, truth.width);
    const down = sides(found.y, found.height, truth.y, truth.height);
    const shared = tf.mul(tf.relu(across.shared), tf.relu(down.shared));
    const areas = tf.add(tf.mul(found.width, found.height), tf.mul(truth.width, truth.height));
    const union = tf.maximum(tf.sub(areas, shared), SMALLEST);
    const around = tf.maximum(tf.mul(across.around, down.around), SMALLEST);
    const empty = tf.div(tf.sub(around, union), around);
    return tf.add(tf.sub(1, tf.div(shared, union)), empty);
  });
}

/** Keeps divisions finite. */
const SMALLEST = 1e-9;

/** In one direction, the lengths of what two boxes share, below 0 where they are apart, and of what is around both. */
function sides(middle: tf.Tensor, length: tf.Tensor, otherMiddle: tf.Tensor, otherLength: tf.Tensor) {
  const [half, otherHalf] = [tf.div(length, 2), tf.div(otherLength, 2)];
  const [start, otherStart] = [tf.sub(middle, half), tf.sub(otherMiddle, otherHalf)];
  const [end, otherEnd] = [tf.add(middle, half), tf.add(otherMiddle, otherHalf)];
  return {
    shared: tf.sub(tf.minimum(end, otherEnd), tf.maximum(start, otherStart)),
    around: tf.sub(tf.maximum(end, otherEnd), tf.minimum(start, otherStart)),
  };
}
