import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Inputs, LayerArgs } from './layer.js';

export interface CopiesPenaltyConfig extends LayerArgs {
  /** The factor of the penalty. */
  readonly weight: number;
  /** For every stage the names of its copies. */
  readonly copies: readonly (readonly string[])[];
}

/**
 * Passes features on, and gives the network a penalty on the weights of layers behind it. It knows them by name and
 * looks for them along the network, so that a network that is made anew from its config has the same penalty.
 */
export abstract class CopiesPenalty extends tfl.layers.Layer {
  readonly #weight: number;
  readonly #copies: CopiesPenaltyConfig['copies'];

  constructor(config: CopiesPenaltyConfig) {
    super(config);
    this.#weight = config.weight;
    this.#copies = config.copies;
  }

  /** The penalty on the copies of every stage, before the factor; none where there is nothing to weigh. */
  protected abstract penalty(stages: readonly (readonly tfl.layers.Layer[])[]): tf.Tensor | undefined;

  override call(inputs: Inputs): Inputs {
    return inputs;
  }

  override calculateLosses(): tf.Scalar[] {
    if (this.#weight === 0) return [];
    return tf.tidy(() => {
      const behind = layersBehind(this);
      const penalty = this.penalty(this.#copies.map((names) => names.map((name) => behind.get(name)!)));
      // tfjs asks a layer once for every input that it is applied to.
      return penalty === undefined
        ? []
        : [tf.mul(penalty, this.#weight / this.inboundNodes.length) as tf.Scalar];
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      weight: this.#weight,
      copies: this.#copies.map((names) => [...names]),
    };
  }
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
