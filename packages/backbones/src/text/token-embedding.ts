import { StageError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type Shapes = Parameters<tfl.layers.Layer['computeOutputShape']>[0];
type Kwargs = Parameters<tfl.layers.Layer['call']>[1];
type LayerVariable = tfl.layers.Layer['trainableWeights'][number];

export interface TokenEmbeddingOptions {
  readonly name?: string;
  /** How many words there are; their numbers are 1 to this. 1 stands for a word that is not known. */
  readonly words: number;
  /** The length of a word's vector. */
  readonly units: number;
  /**
   * What the vectors of some words begin with, by the words' numbers, as learned elsewhere; those of the others are drawn.
   * `rowsOf` of @espalier/datasets makes them from a file.
   */
  readonly pretrained?: ReadonlyMap<number, Float32Array>;
  /** A character CNN over each word's characters, if the input has these. */
  readonly characters?: CharacterCnnOptions;
  /** Vectors of each word's subwords, if the input has these. */
  readonly subwords?: SubwordOptions;
  /** How many of the words are taken for unknown ones in training, from 0 to 1, so that these are learned. */
  readonly wordDropout?: number;
}

export interface CharacterCnnOptions {
  /** How many characters there are; their numbers are 1 to this. */
  readonly characters: number;
  /** The length of a character's vector. */
  readonly units: number;
  /** How many features a word gets from its characters. */
  readonly filters: number;
}

export interface SubwordOptions {
  /** How many subwords there are; their numbers are 1 to this. */
  readonly subwords: number;
  /** How many of the last numbers of a token are those of its subwords. */
  readonly columns: number;
  /** The length of a subword's vector. */
  readonly units: number;
}

const UNKNOWN = 1;
/** How many characters a filter sees at once. */
const WIDTH = 3;

/**
 * Vectors for tokens: each word's own; behind it what a convolution over its characters finds, each filter where it is
 * strongest; and behind that the mean of its subwords' vectors.
 *
 * From numbers, [batch, tokens, 1 + characters + subwords]: the word's, then those of its characters, then those of its
 * subwords; 0 is padding of each. To features [batch, tokens, units + filters + subwords' units], zero at padding.
 *
 * X. Ma, E. Hovy, "End-to-end Sequence Labeling via Bi-directional LSTM-CNNs-CRF", ACL 2016, section 2.1; for subwords
 * P. Bojanowski et al., "Enriching Word Vectors with Subword Information", TACL 2017, who add them to the word's vector.
 */
export class TokenEmbedding extends tfl.layers.Layer {
  static readonly className = 'EspalierTokenEmbedding';
  readonly #options: TokenEmbeddingOptions;
  #words!: LayerVariable;
  #characters: LayerVariable | undefined;
  #filters: LayerVariable | undefined;
  #bias: LayerVariable | undefined;
  #subwords: LayerVariable | undefined;

  constructor(options: TokenEmbeddingOptions) {
    super(options.name === undefined ? {} : { name: options.name });
    this.#options = options;
  }

  /** @throws StageError when a pretrained vector has another length than `units`, or its word's number is none. */
  override build(): void {
    const { words, units, characters, subwords, pretrained } = this.#options;
    const uniform = (size: number) => {
      const limit = Math.sqrt(3 / size);
      return tfl.initializers.randomUniform({ minval: -limit, maxval: limit });
    };
    this.#words = this.addWeight('words', [words + 1, units], 'float32', uniform(units));
    if (pretrained !== undefined) this.#begin(pretrained);
    if (characters !== undefined) {
      const { filters, units: length } = characters;
      const table = [characters.characters + 1, length];
      this.#characters = this.addWeight('characters', table, 'float32', uniform(length));
      const glorot = tfl.initializers.glorotUniform({});
      this.#filters = this.addWeight('filters', [WIDTH, length, filters], 'float32', glorot);
      this.#bias = this.addWeight('bias', [filters], 'float32', tfl.initializers.zeros());
    }
    if (subwords !== undefined) {
      const table = [subwords.subwords + 1, subwords.units];
      this.#subwords = this.addWeight('subwords', table, 'float32', uniform(subwords.units));
    }
    this.built = true;
  }

  #begin(pretrained: ReadonlyMap<number, Float32Array>): void {
    const { words, units } = this.#options;
    const table = this.#words.read().dataSync<'float32'>().slice();
    for (const [number, vector] of pretrained) {
      if (vector.length !== units || !(Number.isInteger(number) && number >= 1 && number <= words)) {
        throw new StageError(
          this.name,
          `has a pretrained vector of length ${vector.length} for word ${number}; expected length ${units}, and words 1 ` +
            `to ${words}.`,
        );
      }
      table.set(vector, number * units);
    }
    const value = tf.tensor2d(table, [words + 1, units]);
    this.#words.write(value);
    value.dispose();
  }

  override computeOutputShape(shape: Shapes): Shapes {
    const [batch, tokens] = shape as number[];
    const { units, characters, subwords } = this.#options;
    return [batch, tokens, units + (characters?.filters ?? 0) + (subwords?.units ?? 0)];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
    const [numbers] = (Array.isArray(inputs) ? inputs : [inputs]) as tf.Tensor3D[];
    return tf.tidy(() => {
      const whole = tf.cast(numbers, 'int32');
      const words = tf.slice(whole, [0, 0, 0], [-1, -1, 1]);
      const isToken = tf.cast(tf.greater(words, 0), 'float32');
      const known = kwargs.training === true ? this.#withUnknown(words) : words;
      const vectors = tf.gather(this.#words.read() as tf.Tensor2D, tf.squeeze(known, [2]));
      const { characters, subwords } = this.#options;
      const parts = subwords?.columns ?? 0;
      const letters = whole.shape[2] - 1 - parts;
      const spelled =
        characters === undefined ? [] : [this.#spell(tf.slice(whole, [0, 0, 1], [-1, -1, letters]))];
      const made =
        subwords === undefined
          ? []
          : [this.#meanOfParts(tf.slice(whole, [0, 0, 1 + letters], [-1, -1, parts]))];
      return tf.mul(tf.concat([vectors, ...spelled, ...made], 2), isToken);
    });
  }

  /** Some of the words become unknown ones. */
  #withUnknown(words: tf.Tensor): tf.Tensor {
    const { wordDropout = 0 } = this.#options;
    if (wordDropout === 0) return words;
    const isDropped = tf.less(tf.randomUniform(words.shape), wordDropout);
    const unknown = tf.minimum(words, tf.scalar(UNKNOWN, 'int32'));
    return tf.where(isDropped, unknown, words);
  }

  #spell(characters: tf.Tensor): tf.Tensor {
    const [batch, tokens, length] = characters.shape as [number, number, number];
    const flat = tf.reshape(characters, [batch * tokens, length]);
    const vectors = tf.gather(this.#characters!.read() as tf.Tensor2D, flat);
    // The vector of padding is zero, wherever its row in the table has been drawn.
    const isCharacter = tf.cast(tf.expandDims(tf.greater(flat, 0), 2), 'float32');
    const found = tf.conv1d(
      tf.mul(vectors, isCharacter) as tf.Tensor3D,
      this.#filters!.read() as tf.Tensor3D,
      1,
      'same',
    );
    const strongest = tf.max(tf.add(found, tf.mul(tf.sub(isCharacter, 1), 1e9)), 1);
    const features = tf.tanh(tf.add(tf.maximum(strongest, -1e3), this.#bias!.read()));
    return tf.reshape(features, [batch, tokens, features.shape[1] as number]);
  }

  /** [batch, tokens, columns] to [batch, tokens, units]; a word without a known subword has zero. */
  #meanOfParts(subwords: tf.Tensor): tf.Tensor {
    const isPart = tf.cast(tf.expandDims(tf.greater(subwords, 0), 3), 'float32');
    const vectors = tf.gather(this.#subwords!.read() as tf.Tensor2D, subwords as tf.Tensor3D);
    return tf.div(tf.sum(tf.mul(vectors, isPart), 2), tf.maximum(tf.sum(isPart, 2), 1));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { words, units, characters, subwords, wordDropout, pretrained } = this.#options;
    return {
      ...super.getConfig(),
      words,
      units,
      ...(characters === undefined ? {} : { characters: { ...characters } }),
      ...(subwords === undefined ? {} : { subwords: { ...subwords } }),
      ...(wordDropout === undefined ? {} : { wordDropout }),
      ...(pretrained === undefined
        ? {}
        : { pretrained: Array.from(pretrained, ([number, vector]) => [number, ...vector]) }),
    };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const { pretrained, ...options } = config as { pretrained?: number[][] };
    const rows = pretrained?.map(([number, ...vector]) => [number, Float32Array.from(vector)] as const);
    return new cls(rows === undefined ? options : { ...options, pretrained: new Map(rows) });
  }
}
tf.serialization.registerClass(TokenEmbedding);

/** A stage that gives tokens their vectors; see `TokenEmbedding`. */
export function tokenEmbedding(options: TokenEmbeddingOptions): TokenEmbedding {
  return new TokenEmbedding(options);
}
