import * as tf from '@tensorflow/tfjs-core';
import { registerReductionGradients } from '../reduction-gradients.js';
import { registerTileGradient } from '../tile-gradient.js';
import { batchMatMul } from './batch-mat-mul.js';
import { channelwise } from './channelwise.js';
import { conv2DBackpropFilter } from './conv2d-backprop-filter.js';
import { conv2DBackpropInput } from './conv2d-backprop-input.js';
import { depthwiseConv2dBackpropFilter } from './depthwise-conv2d-backprop-filter.js';
import { depthwiseConv2dBackpropInput } from './depthwise-conv2d-backprop-input.js';
import { einsum } from './einsum.js';
import { withExplicitPadding } from './explicit-padding.js';
import { fusedBatchNorm } from './fused-batch-norm.js';
import { cast, identity } from './identity.js';
import type { WasmKernel } from './kernel.js';
import { maxPoolGrad } from './max-pool-grad.js';
import { sumRows } from './sum.js';
import { tile } from './tile.js';
import { unsortedSegmentSum } from './unsorted-segment-sum.js';

const ownKernels = [
  batchMatMul,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  depthwiseConv2dBackpropFilter,
  depthwiseConv2dBackpropInput,
  einsum,
  identity,
  maxPoolGrad,
  tile,
  unsortedSegmentSum,
];

/** Whether it is depthwise. */
const convolutions = [
  [tf.Conv2D, false],
  [tf.FusedConv2D, false],
  [tf.DepthwiseConv2dNative, true],
  [tf.FusedDepthwiseConv2D, true],
] as const;

const registered = new WeakSet<tf.KernelFunc>();

/**
 * Completes the WASM backend so that it trains: adds the kernels that it lacks, and puts faster ones in the place
 * of some that it has. `use('wasm')` calls this; whoever selects the backend by other means calls it once. A
 * second call changes nothing.
 */
export async function registerTrainingKernels(): Promise<void> {
  // The stock kernels first: they would warn about ours, and replace them.
  await import('@tensorflow/tfjs-backend-wasm');
  for (const own of ownKernels) register(own.kernelName, () => own);
  for (const [kernelName, depthwise] of convolutions) {
    register(kernelName, (stock) => withExplicitPadding(kernelName, depthwise, stock));
  }
  for (const name of ['Multiply', 'Add', 'Sub'] as const) register(name, (stock) => channelwise(name, stock));
  for (const name of ['Sum', 'Mean'] as const) register(name, (stock) => sumRows(name, stock));
  register(tf.FusedBatchNorm, fusedBatchNorm);
  register(tf.Cast, cast);
  registerReductionGradients();
  registerTileGradient();
}

function register(kernelName: string, make: (stock: tf.KernelFunc) => WasmKernel): void {
  const stock = tf.getKernel(kernelName, 'wasm');
  if (stock !== undefined && registered.has(stock.kernelFunc)) return;
  const { kernelFunc } = make(stock?.kernelFunc);
  if (stock !== undefined) tf.unregisterKernel(kernelName, 'wasm');
  // The stock setup stays: it compiles the C function, which the kernel may still call.
  tf.registerKernel({ ...stock, kernelName, kernelFunc, backendName: 'wasm' });
  registered.add(kernelFunc);
}
