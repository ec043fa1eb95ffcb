import {
  backend_util,
  DepthwiseConv2dNativeBackpropInput,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { rank4 } from './check.js';
import { gatherPhases } from './gather-phases.js';
import { start } from './heap.js';
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
  const { filterWidth, inChannels, outChannels } = info;
  const turned = {
    from: outChannels,
    to: 1,
    writeTap(values: Float32Array, row: number, column: number, target: number) {
      const tap = start(backend, filter) + (row * filterWidth + column) * outChannels;
      values.copyWithin(target, tap, tap + outChannels);
    },
  };
  return gatherPhases(backend, info, dy, 'DepthwiseConv2dNative', turned, outChannels / inChannels);
});
