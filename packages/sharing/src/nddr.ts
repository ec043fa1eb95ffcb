import type { Sharing } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { checkShare } from './errors.js';
import { addLayer, channelsOf } from './layer.js';
import { ownTrunks } from './own-trunks.js';
import { shares } from './shares.js';

export interface NddrOptions {
  /**
   * How much of its own features a task begins with, from 0 to 1; the other tasks' features share the rest.
   */
  readonly own?: number;
}

/**
 * NDDR-CNN, neural discriminative dimensionality reduction: a copy of the trunk a task, and behind every stage all
 * tasks' features are laid side by side and reduced to each task's width, by a convolution of one pixel (a dense
 * layer over the channels, for features of any rank) and batch normalization.
 *
 * Y. Gao et al., "NDDR-CNN: Layerwise Feature Fusing in Multi-Task CNNs by Neural Discriminative Dimensionality
 * Reduction", CVPR 2019, section 3, with the diagonal initialization of section 4. The paper's weight decay is the
 * optimizer's business here.
 */
export function nddr({ own = 0.9 }: NddrOptions = {}): Sharing {
  checkShare('own', own);
  return {
    kind: 'nddr',
    connect: (trunk, inputs) =>
      ownTrunks(trunk, inputs, (stage, features) => {
        const tasks = [...features.keys()];
        const beside = tfl.layers.concatenate({ name: `${stage}/nddr`, axis: -1 });
        const all = tasks.length === 1 ? features.get(tasks[0])! : addLayer(beside, [...features.values()]);
        return new Map(
          [...features].map(([task, { shape }], index) => {
            const channels = channelsOf(shape, stage);
            const reduce = tfl.layers.dense({ name: `${task}/${stage}/nddr`, units: channels });
            const reduced = addLayer(reduce, all);
            tf.tidy(() => {
              const identities = shares(tasks.length, index, own).map((share) =>
                tf.mul(tf.eye(channels), share),
              );
              reduce.setWeights([tf.concat(identities), tf.zeros([channels])]);
            });
            const norm = tfl.layers.batchNormalization({ name: `${task}/${stage}/nddr-norm` });
            return [task, addLayer(norm, reduced)];
          }),
        );
      }),
  };
}
