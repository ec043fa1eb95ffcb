import * as tf from '@tensorflow/tfjs-core';

/**
 * tfjs-layers 4.22 calls these operations as methods of tensors (in its orthogonal initializer, its attention and
 * its text layers), but only the package `@tensorflow/tfjs` adds them. Where it is not used, we do.
 */
const methods = {
  add: tf.add,
  broadcastTo: tf.broadcastTo,
  cast: tf.cast,
  div: tf.div,
  expandDims: tf.expandDims,
  flatten: (tensor: tf.Tensor) => tf.reshape(tensor, [tensor.size]),
  gather: tf.gather,
  greaterEqual: tf.greaterEqual,
  logicalAnd: tf.logicalAnd,
  mean: tf.mean,
  minimum: tf.minimum,
  mul: tf.mul,
  pad: tf.pad,
  reshape: tf.reshape,
  sign: tf.sign,
  slice: tf.slice,
  square: tf.square,
  squeeze: tf.squeeze,
  stridedSlice: tf.stridedSlice,
  sub: tf.sub,
  sum: tf.sum,
  transpose: tf.transpose,
};

for (const [name, operation] of Object.entries(methods)) {
  if (name in tf.Tensor.prototype) continue;
  Object.defineProperty(tf.Tensor.prototype, name, {
    configurable: true,
    writable: true,
    value(this: tf.Tensor, ...rest: unknown[]) {
      return Reflect.apply(operation, undefined, [this, ...rest]);
    },
  });
}
