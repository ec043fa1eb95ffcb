import { applyShared, type Sharing } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { SharingError } from './errors.js';
import type { Inputs, LayerArgs, LayerWeight } from './layer.js';
import { ownTrunks } from './own-trunks.js';
import { traceNorm } from './trace-norm.js';

export interface SoftSharingOptions {
  /**
   * What ties the tasks' copies of a weight together. `squared-distance`: the squared Euclidean distance, summed over
   * all pairs of tasks. `trace-norm`: the trace norm of the matrix that has each task's copy as a row, which is small
   * when few directions explain all of them.
   */
  readonly penalty: 'squared-distance' | 'trace-norm';
  /** The factor of the penalty. With 0 the tasks learn separate networks. */
  readonly weight: number;
}

/**
 * Soft parameter sharing: a copy of the trunk a task, tied by a penalty on how much the copies differ. The penalty is
 * one of the network's losses, `network.calculateLosses()`, which are added to the tasks'.
 *
 * L. Duong et al., "Low Resource Dependency Parsing: Cross-lingual Parameter Sharing in a Neural Network Parser",
 * ACL 2015, section 4 (squared distance); Y. Yang and T. M. Hospedales, "Trace Norm Regularised Deep Multi-Task
 * Learning", ICLR 2017 workshop, section 2 (trace norm, the variant "last axis flattening").
 */
export function softSharing({ penalty, weight }: SoftSharingOptions): Sharing {
  if (!(Number.isFinite(weight) && weight >= 0)) {
    throw new SharingError(`\`weight\` is ${weight}; it has to be a finite number from 0.`);
  }
  return {
    kind: 'soft',
    connect(trunk, inputs) {
      const copies = trunk.map(({ name }) => [...inputs.keys()].map((task) => `${task}/${name}`));
      const tie = new Tie({ name: 'soft-sharing', penalty, weight, copies });
      return ownTrunks(trunk, applyShared(tie, inputs));
    },
  };
}

interface TieConfig extends LayerArgs, SoftSharingOptions {
  /** For every stage the names of its copies. */
  readonly copies: readonly (readonly string[])[];
}

/**
 * Passes features on, and gives the network the penalty on the layers behind it. It knows them by name and looks for
 * them along the network, so that a network that is made anew from its config is tied like the first.
 */
class Tie extends tfl.layers.Layer {
  static readonly className = 'EspalierTie';
  readonly #config: TieConfig;

  constructor(config: TieConfig) {
    super(config);
    this.#config = config;
  }

  override call(inputs: Inputs): Inputs {
    return inputs;
  }

  override calculateLosses(): tf.Scalar[] {
    const { penalty, weight, copies } = this.#config;
    if (weight === 0) return [];
    return tf.tidy(() => {
      const behind = layersBehind(this);
      const matrices = copies.flatMap((names) => {
        const [first, ...others] = names.map((name) => behind.get(name)!.trainableWeights);
        return first.map((own, index) => rows([own, ...others.map((weights) => weights[index])]));
      });
      if (matrices.length === 0) return [];
      const tied = penalty === 'trace-norm' ? traceNorm(matrices) : squaredDistance(matrices);
      return [tf.mul(tied, weight) as tf.Scalar];
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { penalty, weight, copies } = this.#config;
    return { ...super.getConfig(), penalty, weight, copies: copies.map((names) => [...names]) };
  }
}
tf.serialization.registerClass(Tie);

/** Each task's copy of one weight as a row. */
function rows(copies: readonly LayerWeight[]): tf.Tensor2D {
  return tf.stack(copies.map((copy) => tf.reshape(copy.read(), [-1]))) as tf.Tensor2D;
}

/** The squared distances of all pairs of rows: T times those of the T rows from their mean. */
function squaredDistance(matrices: readonly tf.Tensor2D[]): tf.Tensor {
  return tf.addN(
    matrices.map((matrix) => {
      const distances = tf.sub(matrix, tf.mean(matrix, 0, true));
      return tf.mul(tf.sum(tf.square(distances)), matrix.shape[0]);
    }),
  );
}

function layersBehind(layer: tfl.layers.Layer): ReadonlyMap<string, tfl.layers.Layer> {
  const found = new Map<string, tfl.layers.Layer>();
  const pending = [layer];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const { outboundLayer } of next.outboundNodes) {
      if (found.has(outboundLayer.name)) continue;
      found.set(outboundLayer.name, outboundLayer);
      pending.push(outboundLayer);
    }
  }
  return found;
}
