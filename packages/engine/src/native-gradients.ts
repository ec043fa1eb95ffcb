import * as tf from '@tensorflow/tfjs-core';
import { dataTypes, nativeBackend } from './program/binding.js';

/** An operation of TensorFlow for the gradient of another one, of two tensors of one shape. */
interface GradientOperation {
  /** Its name, and the names of its inputs in their order. */
  readonly name: string;
  readonly inputs: readonly [string, string];
  /** The same by operations of tfjs, for tensors of other backends. */
  readonly otherwise: (first: tf.Tensor, second: tf.Tensor) => tf.Tensor;
  /** Its own gradients, for gradients of gradients. */
  readonly gradients: (towards: tf.Tensor, first: tf.Tensor, second: tf.Tensor) => [tf.Tensor, tf.Tensor];
}

/** `dy` where x is above 0, and 0 elsewhere. */
const reluGradient: GradientOperation = {
  name: 'ReluGrad',
  inputs: ['dy', 'x'],
  otherwise: (dy, x) => tf.mul(dy, tf.cast(tf.step(x), 'float32')),
  gradients: (towards, _dy, x) => [run(reluGradient, towards, x), tf.zerosLike(x)],
};

/** `dy` times 1 - y^2, where y is the tangent. */
const tanhGradient: GradientOperation = {
  name: 'TanhGrad',
  inputs: ['y', 'dy'],
  otherwise: (y, dy) => tf.mul(tf.sub(1, tf.square(y)), dy),
  gradients: (towards, y, dy) => [tf.mul(tf.mul(-2, y), tf.mul(dy, towards)), run(tanhGradient, y, towards)],
};

function run({ name, inputs, otherwise }: GradientOperation, first: tf.Tensor, second: tf.Tensor): tf.Tensor {
  if (tf.getBackend() !== 'tensorflow') return otherwise(first, second);
  return tf.engine().runKernel(name, { [inputs[0]]: first, [inputs[1]]: second });
}

function register({ name, inputs, gradients }: GradientOperation): void {
  if (tf.getKernel(name, 'tensorflow') !== undefined) return;
  tf.registerKernel({
    kernelName: name,
    backendName: 'tensorflow',
    kernelFunc({ inputs: given }) {
      const backend = nativeBackend()!;
      const type = { name: 'T', type: backend.binding.TF_ATTR_TYPE, value: dataTypes.float32 };
      const ids = backend.getInputTensorIds(inputs.map((input) => given[input] as tf.Tensor));
      return backend.createOutputTensor(backend.binding.executeOp(name, [type], ids, 1)[0]!);
    },
  });
  tf.registerGradient({
    kernelName: name,
    inputsToSave: [...inputs],
    gradFunc: (towards, saved) => {
      const [first, second] = saved as [tf.Tensor, tf.Tensor];
      const parts = gradients(towards as tf.Tensor, first, second);
      return { [inputs[0]]: () => parts[0], [inputs[1]]: () => parts[1] };
    },
  });
}

const gradientOfRelu: tf.GradConfig = {
  kernelName: tf.Relu,
  inputsToSave: ['x'],
  gradFunc: (dy, [x]) => ({ x: () => run(reluGradient, dy as tf.Tensor, x!) }),
};

const gradientOfTanh: tf.GradConfig = {
  kernelName: tf.Tanh,
  outputsToSave: [true],
  gradFunc: (dy, [y]) => ({ x: () => run(tanhGradient, y!, dy as tf.Tensor) }),
};

/** Where clipping changed nothing, `dy`: two operations instead of five. */
const gradientOfClip: tf.GradConfig = {
  kernelName: tf.ClipByValue,
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc: (dy, [x, y]) => ({
    x: () => tf.where(tf.equal(x!, y!), dy as tf.Tensor, tf.zerosLike(dy as tf.Tensor)),
  }),
};

/**
 * Replaces the gradients of `tf.relu`, `tf.tanh` and `tf.clipByValue` on native. The stock one of `tf.relu` is six
 * operations with two tensors of ones and zeros in the shape of x, which JavaScript fills; TensorFlow has one operation
 * for it, and for that of `tf.tanh`. An unrolled LSTM has a hundred of each.
 */
export function registerNativeGradients(): void {
  for (const operation of [reluGradient, tanhGradient]) register(operation);
  for (const gradient of [gradientOfRelu, gradientOfTanh, gradientOfClip]) tf.registerGradient(gradient);
}
