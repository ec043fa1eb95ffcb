import * as tf from '@tensorflow/tfjs-core';
import { type Attribute, dataTypes, nativeBackend } from './program/binding.js';

/** What a batch normalisation by the moments of its own input computed. */
export interface BatchNorm {
  /** [..., C] of rank 4. */
  readonly x: tf.Tensor;
  /** [C], as all that follows. */
  readonly scale: tf.Tensor;
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
  readonly epsilon: number;
}

/** The gradients of its inputs. */
export interface BatchNormGradients {
  /** With what comes through the mean and the variance. */
  readonly x: tf.Tensor;
  readonly scale: tf.Tensor;
  readonly offset: tf.Tensor;
}

/**
 * The gradients of a batch normalisation by the moments of its own input, through those moments too: on native by one
 * operation of TensorFlow.
 *
 * S. Ioffe, C. Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
 * Shift", ICML 2015, section 3.
 *
 * @param dy The gradient of what is normalised, in the shape of `x`.
 */
export function batchNormGradients(dy: tf.Tensor, normalisation: BatchNorm): BatchNormGradients {
  if (tf.getBackend() === 'tensorflow') return runNative(dy, normalisation);
  const { x, scale, mean, variance, epsilon } = normalisation;
  const axes = x.shape.slice(1).map((_, axis) => axis);
  const count = x.size / mean.size;
  const inverse = tf.rsqrt(tf.add(variance, epsilon));
  const normalised = tf.mul(tf.sub(x, mean), inverse);
  const offsetGradient = tf.sum(dy, axes);
  const scaleGradient = tf.sum(tf.mul(dy, normalised), axes);
  const explained = tf.add(tf.div(offsetGradient, count), tf.mul(normalised, tf.div(scaleGradient, count)));
  return {
    x: tf.mul(tf.sub(dy, explained), tf.mul(scale, inverse)),
    scale: scaleGradient,
    offset: offsetGradient,
  };
}

/** The name under which tfjs runs TensorFlow's operation. */
const kernelName = 'FusedBatchNormGrad';

function runNative(dy: tf.Tensor, { x, scale, epsilon }: BatchNorm): BatchNormGradients {
  const [xGradient, scaleGradient, offsetGradient] = tf
    .engine()
    .runKernel<[tf.Tensor, tf.Tensor, tf.Tensor]>(kernelName, { dy, x, scale }, { epsilon });
  return { x: xGradient, scale: scaleGradient, offset: offsetGradient };
}

/**
 * TensorFlow's gradient takes what its own forward pass kept, which is another thing on every device: so that runs here
 * as well. A graph runs it once for both, see `fuseBatchNorms`.
 */
export function registerBatchNormGradient(): void {
  if (tf.getKernel(kernelName, 'tensorflow') !== undefined) return;
  tf.registerKernel({
    kernelName,
    backendName: 'tensorflow',
    kernelFunc({ inputs, attrs }) {
      const backend = nativeBackend()!;
      const { binding } = backend;
      const { dy, x, scale } = inputs as { dy: tf.Tensor; x: tf.Tensor; scale: tf.Tensor };
      const attributes: Attribute[] = [
        { name: 'T', type: binding.TF_ATTR_TYPE, value: dataTypes.float32 },
        { name: 'epsilon', type: binding.TF_ATTR_FLOAT, value: attrs!.epsilon },
        { name: 'data_format', type: binding.TF_ATTR_STRING, value: 'NHWC' },
        { name: 'is_training', type: binding.TF_ATTR_BOOL, value: true },
      ];
      return tf.tidy(() => {
        const nothing = tf.tensor1d([], 'float32');
        const run = (op: string, operands: tf.Tensor[]) =>
          binding
            .executeOp(op, attributes, backend.getInputTensorIds(operands), 5)
            .map((output) => backend.createOutputTensor(output));
        const forward = run('FusedBatchNorm', [x, scale, tf.zerosLike(scale), nothing, nothing]);
        return run('FusedBatchNormGrad', [dy, x, scale, ...forward.slice(3)]).slice(0, 3);
      });
    },
  });
}
