import * as tf from '@tensorflow/tfjs-core';
import { dataTypes, nativeBackend } from './program/binding.js';

const reluGrad = 'ReluGrad';

/** `dy` where x is above 0, and 0 elsewhere. */
function towards(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  if (tf.getBackend() === 'tensorflow') return tf.engine().runKernel(reluGrad, { dy, x });
  return tf.mul(dy, tf.cast(tf.step(x), 'float32'));
}

const kernel: tf.KernelConfig = {
  kernelName: reluGrad,
  backendName: 'tensorflow',
  kernelFunc({ inputs }) {
    const backend = nativeBackend()!;
    const type = { name: 'T', type: backend.binding.TF_ATTR_TYPE, value: dataTypes.float32 };
    const ids = backend.getInputTensorIds([inputs.dy as tf.Tensor, inputs.x as tf.Tensor]);
    return backend.createOutputTensor(backend.binding.executeOp(reluGrad, [type], ids, 1)[0]!);
  },
};

/** Of the gradient itself, for gradients of gradients. */
const secondGradient: tf.GradConfig = {
  kernelName: reluGrad,
  inputsToSave: ['x'],
  gradFunc: (dy, [x]) => ({ dy: () => towards(dy as tf.Tensor, x!), x: () => tf.zerosLike(x!) }),
};

const gradient: tf.GradConfig = {
  kernelName: tf.Relu,
  inputsToSave: ['x'],
  gradFunc: (dy, [x]) => ({ x: () => towards(dy as tf.Tensor, x!) }),
};

/**
 * Replaces the gradient of `tf.relu`. On native the stock one is six operations with two tensors of ones and zeros in
 * the shape of x, which JavaScript fills; TensorFlow has one operation for it.
 */
export function registerReluGradient(): void {
  if (tf.getKernel(reluGrad, 'tensorflow') === undefined) {
    tf.registerKernel(kernel);
    tf.registerGradient(secondGradient);
  }
  tf.registerGradient(gradient);
}
