import { backend_util, type Conv2DBackpropFilterAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { channelsLast, rank4 } from './check.js';
import { filterGradient } from './filter-gradient.js';
import { kernel } from './kernel.js';

/** The gradient of a convolution with respect to its filter; TensorFlow.js has no such kernel for WASM. */
export const conv2DBackpropFilter = kernel<{ x: TensorInfo; dy: TensorInfo }, Conv2DBackpropFilterAttrs>(
  'Conv2DBackpropFilter',
  ({ inputs: { x, dy }, attrs, backend }) => {
    const { strides, pad, dimRoundingMode, dataFormat, filterShape } = attrs;
    channelsLast('Conv2DBackpropFilter', dataFormat);
    const shape = rank4(x.shape);
    const info = backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
    return filterGradient(backend, 'convolution', info, x, dy);
  },
);
