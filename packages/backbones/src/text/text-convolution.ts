import { paddingMask } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type Shape = Parameters<tfl.layers.Layer['build']>[0];
type Shapes = Parameters<tfl.layers.Layer['computeOutputShape']>[0];
type LayerVariable = tfl.layers.Layer['trainableWeights'][number];

export interface TextConvolutionOptions {
  readonly name?: string;
  /** How many features a token gets. */
  readonly filters: number;
  /** How many neighbouring tokens a filter sees; odd. 3 unless given. */
  readonly width?: number;
}

/**
 * Filters over neighbouring tokens with a rectifier, from features [batch, tokens, channels] to
 * [batch, tokens, filters], zero at padding.
 *
 * Y. Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014, section 2.
 */
export class TextConvolution extends tfl.layers.Layer {
  static readonly className = 'EspalierTextConvolution';
  readonly #filters: number;
  readonly #width: number;
  #kernel!: LayerVariable;
  #bias!: LayerVariable;

  constructor({ filters, width = 3, name }: TextConvolutionOptions) {
    super(name === undefined ? {} : { name });
    this.#filters = filters;
    this.#width = width;
  }

  override build(shape: Shape): void {
    const channels = Number((shape as number[])[2]);
    const kernel = [this.#width, channels, this.#filters];
    this.#kernel = this.addWeight('kernel', kernel, 'float32', tfl.initializers.glorotUniform({}));
    this.#bias = this.addWeight('bias', [this.#filters], 'float32', tfl.initializers.zeros());
    this.built = true;
  }

  override computeOutputShape(shape: Shapes): Shapes {
    const [batch, tokens] = shape as number[];
    return [batch, tokens, this.#filters];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [features] = (Array.isArray(inputs) ? inputs : [inputs]) as tf.Tensor3D[];
    return tf.tidy(() => {
      const found = tf.conv1d(features, this.#kernel.read() as tf.Tensor3D, 1, 'same');
      return tf.mul(tf.relu(tf.add(found, this.#bias.read())), paddingMask(features));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), filters: this.#filters, width: this.#width };
  }
}
tf.serialization.registerClass(TextConvolution);

/** A stage that finds what stands in neighbouring tokens; see `TextConvolution`. */
export function textConvolution(options: TextConvolutionOptions): TextConvolution {
  return new TextConvolution(options);
}
