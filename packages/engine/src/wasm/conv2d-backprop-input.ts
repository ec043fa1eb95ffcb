import { backend_util, type Conv2DBackpropInputAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { channelsLast, rank4 } from './check.js';
import { convolutionInputGradient } from './input-gradient.js';
import { kernel } from './kernel.js';

/**
 * The gradient of a convolution with respect to its input, and the forward pass of a transposed convolution; the
 * stock kernel is a plain loop.
 */
export const conv2DBackpropInput = kernel<{ dy: TensorInfo; filter: TensorInfo }, Conv2DBackpropInputAttrs>(
  'Conv2DBackpropInput',
  ({ inputs: { dy, filter }, attrs, backend }) => {
    const { strides, pad, dimRoundingMode, dataFormat, inputShape } = attrs;
    channelsLast('Conv2DBackpropInput', dataFormat);
    const info = backend_util.computeConv2DInfo(
      rank4(inputShape),
      rank4(filter.shape),
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    return convolutionInputGradient(backend, info, dy, filter);
  },
);
