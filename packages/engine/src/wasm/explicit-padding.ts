import type { TensorInfo } from '@tensorflow/tfjs-core';
import { backend_util, type KernelFunc } from '@tensorflow/tfjs-core';
import { rank4 } from './check.js';
import { kernel, type WasmKernel } from './kernel.js';

interface ConvolutionAttributes {
  readonly strides: number | [number, number];
  readonly pad: Parameters<typeof backend_util.computeConv2DInfo>[4];
  /** Layers pass null for none. */
  readonly dilations?: number | [number, number] | null;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/**
 * A forward convolution whose padding `same` is worked out here. The stock kernels leave that to XNNPACK, which
 * gets it wrong where the stride is longer than the filter (a 2 x 2 filter in steps of 3).
 *
 * @param stock The kernel that convolves.
 */
export function withExplicitPadding(kernelName: string, depthwise: boolean, stock: KernelFunc): WasmKernel {
  return kernel<{ x: TensorInfo; filter: TensorInfo }, ConvolutionAttributes>(
    kernelName,
    ({ inputs, attrs, backend }) => {
      const { x, filter } = inputs;
      const { strides, dimRoundingMode } = attrs;
      const dilations = attrs.dilations ?? [1, 1];
      let { pad } = attrs;
      if (pad === 'same') {
        const shape = rank4(filter.shape);
        const { padInfo } = backend_util.computeConv2DInfo(
          rank4(x.shape),
          shape,
          strides,
          dilations,
          pad,
          dimRoundingMode,
          depthwise,
        );
        pad = [
          [0, 0],
          [padInfo.top, padInfo.bottom],
          [padInfo.left, padInfo.right],
          [0, 0],
        ];
      }
      const result = stock({ inputs: { ...inputs }, attrs: { ...attrs, dilations, pad }, backend });
      return Array.isArray(result) ? result[0]! : result;
    },
  );
}
