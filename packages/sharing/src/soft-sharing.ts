import { applyShared, type Sharing } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { CopiesPenalty, type CopiesPenaltyConfig } from './copies-penalty.js';
import { checkFactor } from './errors.js';
import type { LayerWeight } from './layer.js';
import { copyNames, ownTrunks } from './own-trunks.js';
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
  checkFactor('weight', weight);
  return {
    kind: 'soft',
    connect(trunk, inputs) {
      const copies = copyNames(trunk, inputs);
      const tie = new Tie({ name: 'soft-sharing', penalty, weight, copies });
      return ownTrunks(trunk, applyShared(tie, inputs));
    },
  };
}

type TieConfig = CopiesPenaltyConfig & SoftSharingOptions;

/** Gives the network the penalty on how much the copies differ. */
class Tie extends CopiesPenalty {
  static readonly className = 'EspalierTie';
  readonly #penalty: SoftSharingOptions['penalty'];

  constructor(config: TieConfig) {
    super(config);
    this.#penalty = config.penalty;
  }

  protected override penalty(stages: readonly (readonly tfl.layers.Layer[])[]): tf.Tensor | undefined {
    const matrices = stages.flatMap((copies) => {
      const [first, ...others] = copies.map((copy) => copy.trainableWeights);
      return first.map((own, index) => rows([own, ...others.map((weights) => weights[index])]));
    });
    if (matrices.length === 0) return undefined;
    return this.#penalty === 'trace-norm' ? traceNorm(matrices) : squaredDistance(matrices);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), penalty: this.#penalty };
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
