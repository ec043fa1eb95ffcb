import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { channelsOf, type Inputs, type LayerWeight, type Shapes, shapesOf, tensorsOf } from './layer.js';

const PROJECTIONS = ['query', 'key', 'value', 'output'] as const;

/**
 * x + softmax(x Q (o K)ᵀ / √channels) o V O, where x is the first input and o are the positions of all others: the scaled
 * dot product with one head of A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2.1. Feature maps
 * and sequences are lists of positions, [batch, ..., channels], and a vector is one position.
 */
export class Attention extends tfl.layers.Layer {
  static readonly className = 'EspalierAttention';
  #kernels!: Readonly<Record<(typeof PROJECTIONS)[number], LayerWeight>>;

  override build(inputShape: Shapes): void {
    const channels = channelsOf(shapesOf(inputShape)[0], this.name);
    const [query, key, value, output] = PROJECTIONS.map((name) =>
      this.addWeight(name, [channels, channels], 'float32', tfl.initializers.glorotUniform({})),
    );
    this.#kernels = { query, key, value, output };
    this.built = true;
  }

  override computeOutputShape(inputShape: Shapes): Shapes {
    return shapesOf(inputShape)[0];
  }

  override call(inputs: Inputs): tf.Tensor {
    return tf.tidy(() => {
      const [own, ...others] = tensorsOf(inputs);
      const [batch] = own.shape;
      const channels = own.shape[own.rank - 1];
      const positions = (features: tf.Tensor) => tf.reshape(features, [batch, -1, channels]);
      const project = (features: tf.Tensor, kernel: LayerWeight) => {
        const flat = tf.matMul(tf.reshape(features, [-1, channels]), kernel.read() as tf.Tensor2D);
        return tf.reshape(flat, features.shape);
      };
      const asking = positions(own);
      const answering = tf.concat(others.map(positions), 1);
      const { query, key, value, output } = this.#kernels;
      const scores = tf.matMul(project(asking, query), project(answering, key), false, true);
      const weights = tf.softmax(tf.div(scores, Math.sqrt(channels)));
      const answer = project(tf.matMul(weights, project(answering, value)), output);
      return tf.add(own, tf.reshape(answer, own.shape));
    });
  }
}
tf.serialization.registerClass(Attention);
