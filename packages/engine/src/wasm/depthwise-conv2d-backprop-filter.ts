import {
  backend_util,
  DepthwiseConv2dNativeBackpropFilter,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { rank4 } from './check.js';
import { filterGradient } from './filter-gradient.js';
import { kernel } from './kernel.js';

/** The gradient of a depthwise convolution with respect to its filter; TensorFlow.js has no such kernel for WASM. */
export const depthwiseConv2dBackpropFilter = kernel<
  { x: TensorInfo; dy: TensorInfo },
  DepthwiseConv2dNativeBackpropFilterAttrs
>(DepthwiseConv2dNativeBackpropFilter, ({ inputs: { x, dy }, attrs, backend }) => {
  const { strides, pad, dimRoundingMode, filterShape } = attrs;
  const info = backend_util.computeConv2DInfo(
    rank4(x.shape),
    filterShape,
    strides,
    attrs.dilations ?? 1,
    pad,
    dimRoundingMode,
    true,
  );
  return filterGradient(backend, 'depthwise', info, x, dy);
});
