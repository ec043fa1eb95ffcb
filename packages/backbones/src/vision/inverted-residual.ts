import { block } from '@espalier/core';
import type * as tfl from '@tensorflow/tfjs-layers';
import {
  activation,
  type ConvolutionOptions,
  convolution,
  depthwiseConvolution,
  normalization,
} from './convolution.js';
import { residual } from './residual.js';

export interface InvertedResidualOptions {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** How many times as many channels as `inputs` the depthwise convolution works on. */
  readonly expansion: number;
  readonly kernelSize: number;
  readonly strides: number;
  readonly padding: NonNullable<ConvolutionOptions['padding']>;
  readonly epsilon: number;
}

/**
 * Widens, convolves every channel by itself, and narrows without an activation; with a residual connection where the
 * shape stays. Layers bear timm's names, by which weights are found.
 *
 * M. Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018, section 3.3 and table 1.
 */
export function invertedResidual({
  name,
  inputs,
  outputs,
  expansion,
  kernelSize,
  strides,
  padding,
  epsilon,
}: InvertedResidualOptions): tfl.layers.Layer {
  const widened = expansion > 1;
  const norm = (place: number) => normalization(`${name}.bn${widened ? place : place - 1}`, epsilon);
  const widen = widened
    ? [
        ...convolution(expansion * inputs, { name: `${name}.conv_pw`, kernelSize: 1 }),
        norm(1),
        ...activation('relu6'),
      ]
    : [];
  const main = block(
    ...widen,
    ...depthwiseConvolution({ name: `${name}.conv_dw`, kernelSize, strides, padding }),
    norm(2),
    ...activation('relu6'),
    // timm calls the narrowing convolution of a block that does not widen `conv_pw`.
    ...convolution(outputs, { name: `${name}.${widened ? 'conv_pwl' : 'conv_pw'}`, kernelSize: 1 }),
    norm(3),
  );
  return strides === 1 && inputs === outputs ? residual(main) : main;
}
