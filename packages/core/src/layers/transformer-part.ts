import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { StageError } from '../errors.js';
import { layerNorm, project } from '../transformer.js';

type LayerVariable = tfl.layers.Layer['trainableWeights'][number];

/** A layer of a Transformer: its weights go by names, those of a projection or a norm by the name of that. */
export abstract class TransformerPart extends tfl.layers.Layer {
  readonly #weights = new Map<string, LayerVariable>();

  /** @throws StageError when the heads cannot share the channels evenly. */
  protected checkHeads(heads: number, channels: number): void {
    if (channels % heads === 0) return;
    throw new StageError(this.name, `has ${heads} heads, which cannot share ${channels} channels evenly.`);
  }

  protected addDense(name: string, inputs: number, units: number): void {
    this.addNamed(`${name}_kernel`, [inputs, units], tfl.initializers.glorotUniform({}));
    this.addNamed(`${name}_bias`, [units], tfl.initializers.zeros());
  }

  protected addNorm(name: string, channels: number): void {
    this.addNamed(`${name}_gamma`, [channels], tfl.initializers.ones());
    this.addNamed(`${name}_beta`, [channels], tfl.initializers.zeros());
  }

  protected addNamed(
    name: string,
    shape: number[],
    initializer: Parameters<tfl.layers.Layer['addWeight']>[3],
  ): void {
    this.#weights.set(name, this.addWeight(name, shape, 'float32', initializer));
  }

  /** What the projection of this name makes of features [batch, tokens, channels]. */
  protected project(features: tf.Tensor, name: string): tf.Tensor3D {
    return project(features, this.read(`${name}_kernel`), this.read(`${name}_bias`));
  }

  /** What the norm of this name makes of features. */
  protected normalize(features: tf.Tensor, name: string, epsilon = 1e-6): tf.Tensor {
    return layerNorm(features, this.read(`${name}_gamma`), this.read(`${name}_beta`), epsilon);
  }

  protected read(name: string): tf.Tensor {
    return this.#weights.get(name)!.read();
  }
}
