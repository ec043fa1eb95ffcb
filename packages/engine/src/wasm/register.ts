import * as tf from '@tensorflow/tfjs-core';
import { batchMatMul } from './batch-mat-mul.js';
import { conv2DBackpropFilter } from './conv2d-backprop-filter.js';
import { conv2DBackpropInput } from './conv2d-backprop-input.js';
import { maxPoolGrad } from './max-pool-grad.js';
import { tile } from './tile.js';
import { unsortedSegmentSum } from './unsorted-segment-sum.js';

const kernels = [
  batchMatMul,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  maxPoolGrad,
  tile,
  unsortedSegmentSum,
];

/**
 * Completes the WASM backend so that it trains: adds the kernels that it lacks, and puts faster ones in the place
 * of some that it has. `use('wasm')` calls this; whoever selects the backend by other means calls it once. A
 * second call changes nothing.
 */
export async function registerTrainingKernels(): Promise<void> {
  // The stock kernels first: they would warn about ours, and replace them.
  await import('@tensorflow/tfjs-backend-wasm');
  for (const { kernelName, kernelFunc } of kernels) {
    const stock = tf.getKernel(kernelName, 'wasm');
    if (stock?.kernelFunc === kernelFunc) continue;
    if (stock !== undefined) tf.unregisterKernel(kernelName, 'wasm');
    // The stock setup stays: it compiles the C function, which BatchMatMul still calls.
    tf.registerKernel({ ...stock, kernelName, kernelFunc, backendName: 'wasm' });
  }
}
