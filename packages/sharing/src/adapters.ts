import type { Sharing } from '@espalier/core';
import * as tfl from '@tensorflow/tfjs-layers';
import { adaptedTrunk } from './adapted-trunk.js';
import { checkCount } from './errors.js';
import { addLayer, channelsOf } from './layer.js';

export interface AdaptersOptions {
  /** The width of the bottleneck, which is the rank of what an adapter can add. */
  readonly size: number;
}

/**
 * Adapters a task: all tasks share the trunk, which may be pretrained and frozen, and behind every stage each task adds
 * what a narrow network of its own makes of the features. It begins near nothing, so that the tasks begin near hard
 * sharing.
 *
 * N. Houlsby et al., "Parameter-Efficient Transfer Learning for NLP", ICML 2019, section 2.1. The paper adds adapters
 * inside a Transformer's layers; a stage is not looked into, so they are behind it.
 */
export function adapters({ size }: AdaptersOptions): Sharing {
  checkCount('size', size, 1);
  return {
    kind: `adapters(${size})`,
    connect: (trunk, inputs) =>
      adaptedTrunk(trunk, inputs, (prefix, features) => {
        // The initial deviation of the paper's section 3.6, around which it found no difference.
        const kernelInitializer = tfl.initializers.truncatedNormal({ stddev: 1e-2 });
        const down = tfl.layers.dense({
          name: `${prefix}/adapter-down`,
          units: size,
          activation: 'relu',
          kernelInitializer,
        });
        const units = channelsOf(features.shape, prefix);
        const up = tfl.layers.dense({ name: `${prefix}/adapter-up`, units, kernelInitializer });
        const added = addLayer(up, addLayer(down, features));
        return addLayer(tfl.layers.add({ name: `${prefix}/adapter` }), [features, added]);
      }),
  };
}
