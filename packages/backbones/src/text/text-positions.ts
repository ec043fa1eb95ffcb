import { paddingMask, StageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type Shape = Parameters<tfl.layers.Layer['build']>[0];
type Shapes = Parameters<tfl.layers.Layer['computeOutputShape']>[0];
type LayerVariable = tfl.layers.Layer['trainableWeights'][number];

const DEVIATION = 0.02;

/** Adds a learned vector for its place to every token of [batch, tokens, channels]; padding stays zero. */
export class TextPositions extends tfl.layers.Layer {
  static readonly className = 'EspalierTextPositions';
  readonly #longest: number;
  #table!: LayerVariable;

  /** @param options.longest how many places there are. */
  constructor({ longest, name }: { longest: number; name?: string }) {
    super(name === undefined ? {} : { name });
    this.#longest = longest;
  }

  override build(shape: Shape): void {
    const channels = Number((shape as number[])[2]);
    const initializer = tfl.initializers.randomNormal({ stddev: DEVIATION });
    this.#table = this.addWeight('positions', [this.#longest, channels], 'float32', initializer);
    this.built = true;
  }

  override computeOutputShape(shape: Shapes): Shapes {
    return shape;
  }

  /** @throws StageError when a text is longer than there are places. */
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [features] = Array.isArray(inputs) ? inputs : [inputs];
    return tf.tidy(() => {
      const table = firstPlaces(this.#table.read(), Number(features.shape[1]), this.name);
      return tf.mul(tf.add(features, tf.expandDims(table, 0)), paddingMask(features));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), longest: this.#longest };
  }
}
tf.serialization.registerClass(TextPositions);

/**
 * The vectors of the first places of a table.
 *
 * @throws StageError when it has fewer.
 */
export function firstPlaces(table: tf.Tensor, tokens: number, stage: string): tf.Tensor {
  const [longest] = table.shape;
  if (tokens <= longest) return tf.slice(table, [0, 0], [tokens, -1]);
  throw new StageError(
    stage,
    `knows texts of up to ${longest} tokens; one has ${tokens}. Cut it, split it into windows, or make room for more.`,
  );
}
