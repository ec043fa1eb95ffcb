import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type Shape = Parameters<tfl.layers.Layer['build']>[0];
type LayerVariable = tfl.layers.Layer['trainableWeights'][number];

interface PersonSimilarityOptions {
  readonly name: string;
  /** How many people there are. */
  readonly people: number;
}

/**
 * Embeddings, [batch, dimensions], at unit length, and behind them their cosines with one learned centre a person:
 * [batch, dimensions + people].
 */
export class PersonSimilarity extends tfl.layers.Layer {
  static readonly className = 'EspalierPersonSimilarity';
  readonly #people: number;
  #centres!: LayerVariable;

  constructor({ people, ...options }: PersonSimilarityOptions) {
    super(options);
    this.#people = people;
  }

  override build(shape: Shape): void {
    const dimensions = Number((shape as number[])[1]);
    const initializer = tfl.initializers.glorotNormal({});
    this.#centres = this.addWeight('centres', [dimensions, this.#people], 'float32', initializer);
    this.built = true;
  }

  override computeOutputShape(shape: Shape): Shape {
    const [batch, dimensions] = shape as number[];
    return [batch, dimensions + this.#people];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [features] = (Array.isArray(inputs) ? inputs : [inputs]) as tf.Tensor2D[];
    return tf.tidy(() => {
      const embeddings = unit(features, 1);
      const centres = unit(this.#centres.read() as tf.Tensor2D, 0);
      return tf.concat([embeddings, tf.matMul(embeddings, centres)], 1);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), people: this.#people };
  }
}
tf.serialization.registerClass(PersonSimilarity);

/** Keeps a vector of zeros from a division by zero. */
const LEAST_SQUARE = 1e-12;

function unit(vectors: tf.Tensor2D, axis: number): tf.Tensor2D {
  return tf.mul(vectors, tf.rsqrt(tf.maximum(tf.sum(tf.square(vectors), axis, true), LEAST_SQUARE)));
}
