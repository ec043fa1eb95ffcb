import { attend, dropped, gelu, mergeHeads, paddingMask, splitHeads, TransformerPart } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { rotary } from './rotary.js';

type Shape = Parameters<tfl.layers.Layer['build']>[0];
type Shapes = Parameters<tfl.layers.Layer['computeOutputShape']>[0];
type Kwargs = Parameters<tfl.layers.Layer['call']>[1];

export interface TransformerLayerOptions {
  readonly name?: string;
  /** How many attention heads share the channels. */
  readonly heads: number;
  /** The width inside of the feed-forward part; four times the channels is common. */
  readonly inner: number;
  /** How much of what attention and feed-forward part say is dropped in training, from 0 to 1; 0 unless given. */
  readonly dropout?: number;
  /** Whether features are normalized in front of each part, or behind it as in BERT; `'pre'` unless given. */
  readonly norm?: 'pre' | 'post';
  /** Whether attention knows how far apart tokens are, by rotation; not unless given. */
  readonly rotary?: boolean;
  /** Added to variances; 1e-6 unless given. */
  readonly epsilon?: number;
}

const PROJECTIONS = ['query', 'key', 'value', 'output'] as const;

/**
 * A layer of a Transformer encoder, from features [batch, tokens, channels] to the same: every token looks at all
 * others, then each is worked on by itself. Padding is seen by no token, and stays zero.
 *
 * A. Vaswani et al., "Attention Is All You Need", 2017; with the norm in front, R. Xiong et al., "On Layer Normalization
 * in the Transformer Architecture", ICML 2020.
 */
export class TransformerLayer extends TransformerPart {
  static readonly className = 'EspalierTransformerLayer';
  readonly #options: TransformerLayerOptions;

  constructor(options: TransformerLayerOptions) {
    super(options.name === undefined ? {} : { name: options.name });
    this.#options = options;
  }

  /** @throws StageError when the heads cannot share the channels evenly. */
  override build(shape: Shape): void {
    const channels = Number((shape as number[])[2]);
    const { heads, inner } = this.#options;
    this.checkHeads(heads, channels);
    for (const name of PROJECTIONS) this.addDense(name, channels, channels);
    this.addNorm('attention_norm', channels);
    this.addDense('inner', channels, inner);
    this.addDense('outer', inner, channels);
    this.addNorm('outer_norm', channels);
    this.built = true;
  }

  override computeOutputShape(shape: Shapes): Shapes {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
    const [features] = (Array.isArray(inputs) ? inputs : [inputs]) as tf.Tensor3D[];
    const { norm = 'pre', dropout = 0, epsilon } = this.#options;
    const training = kwargs.training === true;
    return tf.tidy(() => {
      const mask = paddingMask(features);
      const part = (before: tf.Tensor, work: (own: tf.Tensor) => tf.Tensor, name: string) => {
        const normalize = (own: tf.Tensor) => this.normalize(own, name, epsilon);
        if (norm === 'pre') return tf.add(before, dropped(work(normalize(before)), dropout, training));
        return normalize(tf.add(before, dropped(work(before), dropout, training)));
      };
      const attended = part(features, (own) => this.#look(own, mask), 'attention_norm');
      const worked = part(attended, (own) => this.#think(own), 'outer_norm');
      return tf.mul(worked, mask);
    });
  }

  #look(features: tf.Tensor, mask: tf.Tensor): tf.Tensor {
    const split = (name: string) => splitHeads(this.project(features, name), this.#options.heads);
    const turned = (name: string) => (this.#options.rotary === true ? rotary(split(name)) : split(name));
    const visible = tf.reshape(mask, [features.shape[0], 1, 1, Number(features.shape[1])]);
    const { found } = attend(turned('query'), turned('key'), split('value'), visible);
    return this.project(mergeHeads(found), 'output');
  }

  #think(features: tf.Tensor): tf.Tensor {
    return this.project(gelu(this.project(features, 'inner')), 'outer');
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { name: _, ...options } = this.#options;
    return { ...super.getConfig(), ...options };
  }
}
tf.serialization.registerClass(TransformerLayer);
