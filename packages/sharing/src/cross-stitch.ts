import type { Sharing } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { checkShare } from './errors.js';
import {
  addLayer,
  channelsOf,
  type Inputs,
  type LayerArgs,
  type LayerWeight,
  type Shapes,
  shapesOf,
  tensorsOf,
} from './layer.js';
import { ownTrunks } from './own-trunks.js';
import { shares, weightedSum, writeInitial } from './shares.js';

export interface CrossStitchOptions {
  /**
   * How much of its own features a task begins with, from 0 to 1; the other tasks' features share the rest. With 1
   * the tasks begin as separate networks.
   */
  readonly own?: number;
}

/**
 * Cross-stitch networks: a copy of the trunk a task, and behind every stage a cross-stitch unit. It gives each task a
 * linear combination of all tasks' features, whose factors are learned, one for every channel.
 *
 * I. Misra et al., "Cross-stitch Networks for Multi-task Learning", CVPR 2016, section 3 and, for the initial factors,
 * section 5.
 */
export function crossStitch({ own = 0.9 }: CrossStitchOptions = {}): Sharing {
  checkShare('own', own);
  return {
    kind: 'cross-stitch',
    connect: (trunk, inputs) =>
      ownTrunks(trunk, inputs, (stage, features) => {
        const all = [...features.values()];
        return new Map(
          [...features.keys()].map((task, index) => {
            const unit = new CrossStitch({ name: `${task}/${stage}/cross-stitch`, own, index });
            return [task, addLayer(unit, all)];
          }),
        );
      }),
  };
}

interface CrossStitchConfig extends LayerArgs {
  readonly own: number;
  /** Which of the inputs is the task's own. */
  readonly index: number;
}

/** One task's part of a cross-stitch unit: from all tasks' features, [batch, ..., channels], to what it goes on with. */
class CrossStitch extends tfl.layers.Layer {
  static readonly className = 'EspalierCrossStitch';
  readonly #config: CrossStitchConfig;
  #factors!: LayerWeight;

  constructor(config: CrossStitchConfig) {
    super(config);
    this.#config = config;
  }

  override build(inputShape: Shapes): void {
    const shapes = shapesOf(inputShape);
    const { own, index } = this.#config;
    const channels = channelsOf(shapes[0], this.name);
    const initial = shares(shapes.length, index, own).map((share) => new Array<number>(channels).fill(share));
    this.#factors = this.addWeight('factors', [shapes.length, channels], 'float32', tfl.initializers.zeros());
    writeInitial(this.#factors, initial);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shapes): Shapes {
    return shapesOf(inputShape)[0];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => weightedSum(tensorsOf(inputs), this.#factors.read()));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { own, index } = this.#config;
    return { ...super.getConfig(), own, index };
  }
}
tf.serialization.registerClass(CrossStitch);
