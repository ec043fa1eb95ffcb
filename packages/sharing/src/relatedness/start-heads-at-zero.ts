import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { stagesOfLayers } from '../stages.js';

/**
 * Sets the kernels of every head's last layer to zero, before a training in which `affinityMonitor` measures. A drawn head
 * pulls the shared weights along its own random directions; one that begins at zero grows along what its task needs.
 */
export function startHeadsAtZero<H extends Heads, I extends InputKind>(model: MultiTaskModel<H, I>): void {
  const ofTrunk = stagesOfLayers(model);
  for (const output of model.network.outputs) {
    // Back from the output to the first layer with kernels, past layers such as a reshape.
    let tensors: readonly SymbolicTensor[] = [output];
    while (tensors.length > 0) {
      const layers = [...new Set(tensors.map(({ sourceLayer }) => sourceLayer))].filter(
        (layer) => !ofTrunk.has(layer),
      );
      const kernels = layers.flatMap((layer) =>
        layer.trainableWeights.filter(({ shape }) => shape.length > 1),
      );
      for (const kernel of kernels) {
        const zeros = tf.zeros(kernel.shape as number[]);
        kernel.write(zeros);
        zeros.dispose();
      }
      if (kernels.length > 0) break;
      tensors = tensors.flatMap(({ inputs }) => inputs);
    }
  }
}
