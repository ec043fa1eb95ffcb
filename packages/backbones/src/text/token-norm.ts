import { layerNorm, paddingMask } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type Shape = Parameters<tfl.layers.Layer['build']>[0];
type Shapes = Parameters<tfl.layers.Layer['computeOutputShape']>[0];
type LayerVariable = tfl.layers.Layer['trainableWeights'][number];

const EPSILON = 1e-6;

/** Layer normalization of tokens, [batch, tokens, channels], that leaves padding zero. */
export class TokenNorm extends tfl.layers.Layer {
  static readonly className = 'EspalierTokenNorm';
  #gamma!: LayerVariable;
  #beta!: LayerVariable;

  override build(shape: Shape): void {
    const channels = Number((shape as number[])[2]);
    this.#gamma = this.addWeight('gamma', [channels], 'float32', tfl.initializers.ones());
    this.#beta = this.addWeight('beta', [channels], 'float32', tfl.initializers.zeros());
    this.built = true;
  }

  override computeOutputShape(shape: Shapes): Shapes {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [features] = Array.isArray(inputs) ? inputs : [inputs];
    return tf.tidy(() => {
      const normed = layerNorm(features, this.#gamma.read(), this.#beta.read(), EPSILON);
      return tf.mul(normed, paddingMask(features));
    });
  }
}
tf.serialization.registerClass(TokenNorm);
