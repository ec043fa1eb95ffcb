import { block } from '@espalier/core';
import * as tfl from '@tensorflow/tfjs-layers';

/** `relu6` is cut off at 6; `linear` is none. */
export type Activation = 'relu' | 'relu6' | 'linear';

export interface ConvolutionOptions {
  readonly name: string;
  readonly kernelSize: number;
  readonly strides?: number;
  /**
   * Where a strided convolution's zeros go: `symmetric` as in PyTorch, as many on either side; `same` as in
   * TensorFlow, the odd one at the lower right. Without a stride they are equal.
   */
  readonly padding?: 'symmetric' | 'same';
  readonly useBias?: boolean;
  /** He's keeps the variance in front of a ReLU, LeCun's without one; He's unless given. */
  readonly initializer?: 'heNormal' | 'leCunNormal';
}

/** A convolution over all channels, zero-padded so that only a stride makes the picture smaller. */
export function convolution(filters: number, options: ConvolutionOptions): tfl.layers.Layer[] {
  const { pad, ...args } = convolutionArgs(options);
  const { initializer = 'heNormal' } = options;
  return [...pad, tfl.layers.conv2d({ ...args, filters, kernelInitializer: initializer })];
}

/** A convolution of every channel by itself, padded like `convolution`. */
export function depthwiseConvolution(options: ConvolutionOptions): tfl.layers.Layer[] {
  const { pad, ...args } = convolutionArgs(options);
  return [...pad, tfl.layers.depthwiseConv2d({ ...args, depthwiseInitializer: 'heNormal' })];
}

function convolutionArgs({
  name,
  kernelSize,
  strides = 1,
  padding = 'symmetric',
  useBias = false,
}: ConvolutionOptions) {
  const explicit = padding === 'symmetric' && strides > 1 && kernelSize > 1;
  return {
    pad: explicit ? [zeros((kernelSize - 1) / 2)] : [],
    name,
    kernelSize,
    strides,
    padding: explicit ? ('valid' as const) : ('same' as const),
    useBias,
  };
}

/** A border of zeros around the picture. */
export function zeros(width: number): tfl.layers.Layer {
  return tfl.layers.zeroPadding2d({
    padding: [
      [width, width],
      [width, width],
    ],
  });
}

/** Batch normalization; with `epsilon` as the weights' source had it. Statistics move by a tenth a step. */
export function normalization(name: string, epsilon = 1e-5): tfl.layers.Layer {
  return tfl.layers.batchNormalization({ name, momentum: 0.9, epsilon });
}

/** The layers of an activation: none where it is linear. */
export function activation(kind: Activation): tfl.layers.Layer[] {
  if (kind === 'linear') return [];
  return [kind === 'relu6' ? tfl.layers.reLU({ maxValue: 6 }) : tfl.layers.reLU()];
}

/** A 3 × 3 convolution without bias, batch normalization and a ReLU: what most small networks are made of. */
export function convolutionUnit(filters: number, name: string, strides = 1) {
  return block(
    ...convolution(filters, { name: `${name}/conv`, kernelSize: 3, strides, padding: 'same' }),
    normalization(`${name}/norm`),
    ...activation('relu'),
  );
}
