import {
  backend_util,
  DepthwiseConv2dNativeBackpropInput,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { rank4 } from './check.js';
import { depthwiseInputGradient } from './input-gradient.js';
import { kernel } from './kernel.js';

/**
 * The gradient of a depthwise convolution with respect to its input; TensorFlow.js has no such kernel for WASM. A
 * depthwise convolution of dy with the filter turned round; where a channel gave several, their results are summed.
 */
export const depthwiseConv2dBackpropInput = kernel<
  { dy: TensorInfo; filter: TensorInfo },
  DepthwiseConv2dNativeBackpropInputAttrs
>(DepthwiseConv2dNativeBackpropInput, ({ inputs: { dy, filter }, attrs, backend }) => {
  const { strides, dilations, pad, dimRoundingMode, inputShape } = attrs;
  const info = backend_util.computeConv2DInfo(
    rank4(inputShape),
    rank4(filter.shape),
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    true,
  );
  return depthwiseInputGradient(backend, info, dy, filter);
});
