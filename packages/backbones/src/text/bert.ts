import { dropped, layerNorm, type Stage, TransformerPart } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { firstPlaces } from './text-positions.js';
import { TransformerLayer } from './transformer-layer.js';

type Shapes = Parameters<tfl.layers.Layer['computeOutputShape']>[0];
type Kwargs = Parameters<tfl.layers.Layer['call']>[1];

/** The size of a BERT, as in its `config.json`. */
export interface BertOptions {
  /** `vocab_size`. */
  readonly words: number;
  /** `hidden_size`. */
  readonly units: number;
  /** `num_hidden_layers`. */
  readonly layers: number;
  /** `num_attention_heads`. */
  readonly heads: number;
  /** `intermediate_size`. */
  readonly inner: number;
  /** `max_position_embeddings`; 512 unless given. */
  readonly longest?: number;
  /** `type_vocab_size`; 2 unless given. */
  readonly segments?: number;
  /** `layer_norm_eps`; 1e-12 unless given. */
  readonly epsilon?: number;
  /** In training, from 0 to 1; 0.1 unless given. */
  readonly dropout?: number;
}

type EmbeddingOptions = Required<
  Pick<BertOptions, 'words' | 'units' | 'longest' | 'segments' | 'epsilon' | 'dropout'>
>;

const DEVIATION = 0.02;

/**
 * What BERT begins with: for every token the sum of its word's vector, its place's and its segment's, normalized. From
 * numbers [batch, tokens, 1], or with each token's segment (0 or 1) behind its word [batch, tokens, 2]; word 0 is padding.
 */
export class BertEmbeddings extends TransformerPart {
  static readonly className = 'EspalierBertEmbeddings';
  readonly #options: EmbeddingOptions;

  constructor(options: EmbeddingOptions & { name?: string }) {
    super(options.name === undefined ? {} : { name: options.name });
    this.#options = options;
  }

  override build(): void {
    const { words, units, longest, segments } = this.#options;
    const normal = tfl.initializers.randomNormal({ stddev: DEVIATION });
    this.addNamed('words', [words, units], normal);
    this.addNamed('positions', [longest, units], normal);
    this.addNamed('segments', [segments, units], normal);
    this.addNamed('gamma', [units], tfl.initializers.ones());
    this.addNamed('beta', [units], tfl.initializers.zeros());
    this.built = true;
  }

  override computeOutputShape(shape: Shapes): Shapes {
    const [batch, tokens] = shape as number[];
    return [batch, tokens, this.#options.units];
  }

  /** @throws StageError when a text is longer than there are places. */
  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
    const [numbers] = (Array.isArray(inputs) ? inputs : [inputs]) as tf.Tensor3D[];
    return tf.tidy(() => {
      const { epsilon, dropout } = this.#options;
      const column = (place: number) =>
        tf.cast(tf.squeeze(tf.slice(numbers, [0, 0, place], [-1, -1, 1]), [2]), 'int32');
      const words = column(0);
      const segments = numbers.shape[2] > 1 ? column(1) : tf.zerosLike(words);
      const places = firstPlaces(this.read('positions'), numbers.shape[1], this.name);
      const sum = tf.addN([
        tf.gather(this.read('words'), words),
        tf.gather(this.read('segments'), segments),
        tf.tile(tf.expandDims(places, 0), [numbers.shape[0], 1, 1]),
      ]);
      const normed = layerNorm(sum, this.read('gamma'), this.read('beta'), epsilon);
      const isToken = tf.expandDims(tf.cast(tf.greater(words, 0), 'float32'), 2);
      return tf.mul(dropped(normed, dropout, kwargs.training === true), isToken);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.#options };
  }
}
tf.serialization.registerClass(BertEmbeddings);

/**
 * BERT without its pooler, and what has its form, such as MiniLM: stages from numbers of tokens, see `BertEmbeddings`, to
 * features [batch, tokens, units], zero at padding.
 *
 * J. Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding", NAACL 2019.
 */
export function bert({
  layers,
  heads,
  inner,
  longest = 512,
  segments = 2,
  epsilon = 1e-12,
  dropout = 0.1,
  ...options
}: BertOptions): Stage[] {
  return [
    new BertEmbeddings({ name: 'embeddings', ...options, longest, segments, epsilon, dropout }),
    ...Array.from(
      { length: layers },
      (_, index) =>
        new TransformerLayer({
          name: `encoder.layer.${index}`,
          heads,
          inner,
          dropout,
          norm: 'post',
          epsilon,
        }),
    ),
  ];
}

/** The sizes of models on huggingface.co, by their names there. */
export const bertSizes = {
  'bert-base-uncased': { words: 30522, units: 768, layers: 12, heads: 12, inner: 3072 },
  'bert-base-cased': { words: 28996, units: 768, layers: 12, heads: 12, inner: 3072 },
  'all-MiniLM-L6-v2': { words: 30522, units: 384, layers: 6, heads: 12, inner: 1536 },
} as const satisfies Record<string, BertOptions>;
