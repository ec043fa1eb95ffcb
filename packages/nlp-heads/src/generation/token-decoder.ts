import {
  attend,
  dropped,
  gelu,
  mergeHeads,
  paddingMask,
  project,
  splitHeads,
  TransformerPart,
} from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type Shape = Parameters<tfl.layers.Layer['build']>[0];
type Shapes = Parameters<tfl.layers.Layer['computeOutputShape']>[0];

export interface DecoderOptions {
  /** The length of a token's vector; 128 unless given. */
  readonly units?: number;
  /** How many layers there are; 2 unless given. */
  readonly layers?: number;
  /** How many attention heads a layer has; 4 unless given. */
  readonly heads?: number;
  /** The width inside of the feed-forward parts; four times the units unless given. */
  readonly inner?: number;
  /** How much is dropped in training, from 0 to 1; 0.1 unless given. */
  readonly dropout?: number;
}

/** What a layer remembers of tokens, each [rows, heads, tokens, channels of a head]. */
export type KeysAndValues = { readonly keys: tf.Tensor4D; readonly values: tf.Tensor4D };

/** What is written about: computed once, however many tokens are written. */
export type Memory = {
  readonly layers: KeysAndValues[];
  /** Which of its tokens are there, [batch, 1, 1, tokens]. */
  readonly visible: tf.Tensor;
};

/** What the decoder says about the next tokens. */
export type Written = {
  /** [rows, tokens, symbols]. */
  readonly scores: tf.Tensor3D;
  /** Where the last layer looks, the mean of its heads: [rows, tokens, tokens of the memory]. */
  readonly attention: tf.Tensor3D;
  /** What each layer remembers of all tokens so far. */
  readonly past: KeysAndValues[];
};

const NORMS = ['self', 'cross', 'inner'] as const;
const PROJECTIONS = ['query', 'key', 'value', 'output'] as const;

/**
 * A Transformer decoder that writes tokens while it looks at features [batch, tokens, channels]. As a layer it only
 * passes these on and holds the weights; `remember` and `write` do the work, behind the network.
 *
 * A. Vaswani et al., "Attention Is All You Need", 2017, with the norm in front of each part. Tokens have one vector each,
 * for what is read and for what is written: O. Press, L. Wolf, "Using the Output Embedding to Improve Language Models",
 * EACL 2017.
 */
export class TokenDecoder extends TransformerPart {
  static readonly className = 'EspalierTokenDecoder';
  readonly #options: Required<DecoderOptions> & { readonly symbols: number; readonly longest: number };

  /**
   * @param options.symbols how many different tokens there are, padding 0 included.
   * @param options.longest how many tokens can be written.
   */
  constructor(options: DecoderOptions & { name?: string; symbols: number; longest: number }) {
    super(options.name === undefined ? {} : { name: options.name });
    const { symbols, longest } = options;
    const size = decoderSize(options);
    this.#options = { ...size, symbols, longest };
    this.checkHeads(size.heads, size.units);
  }

  override build(shape: Shape): void {
    const channels = Number((shape as number[])[2]);
    const { units, layers, inner, symbols, longest } = this.#options;
    const stddev = units ** -0.5;
    this.addNamed('tokens', [symbols, units], tfl.initializers.randomNormal({ stddev }));
    this.addNamed('positions', [longest, units], tfl.initializers.randomNormal({ stddev }));
    for (let layer = 0; layer < layers; layer++) {
      for (const name of PROJECTIONS) {
        this.addDense(`${layer}_self_${name}`, units, units);
        const reads = name === 'key' || name === 'value' ? channels : units;
        this.addDense(`${layer}_cross_${name}`, reads, units);
      }
      this.addDense(`${layer}_inner`, units, inner);
      this.addDense(`${layer}_outer`, inner, units);
      for (const name of NORMS) this.addNorm(`${layer}_${name}_norm`, units);
    }
    this.addNorm('norm', units);
    this.addNamed('bias', [symbols], tfl.initializers.zeros());
    this.built = true;
  }

  override computeOutputShape(shape: Shapes): Shapes {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [features] = Array.isArray(inputs) ? inputs : [inputs];
    return tf.clone(features);
  }

  /** What every layer needs of features [batch, tokens, channels]. The tensors are the caller's. */
  remember(features: tf.Tensor): Memory {
    return tf.tidy(() => {
      const split = (name: string) => splitHeads(this.project(features, name), this.#options.heads);
      const layers = Array.from({ length: this.#options.layers }, (_, layer) => ({
        keys: split(`${layer}_cross_key`),
        values: split(`${layer}_cross_value`),
      }));
      const [batch, tokens] = features.shape;
      return { layers, visible: tf.reshape(paddingMask(features), [batch, 1, 1, tokens]) };
    });
  }

  /**
   * Reads tokens and says what may come behind each.
   *
   * @param numbers [rows, tokens]; the rows of an example of the memory stand together, and each has as many.
   * @param past what a call before gave for the tokens in front.
   */
  write(
    numbers: tf.Tensor2D,
    memory: Memory,
    past: readonly KeysAndValues[] = [],
    training = false,
  ): Written {
    return tf.tidy(() => {
      const [, count] = numbers.shape;
      const { units, dropout } = this.#options;
      const before = past.length === 0 ? 0 : past[0].keys.shape[2];
      const table = this.read('tokens') as tf.Tensor2D;
      const vectors = tf.mul(tf.gather(table, numbers), Math.sqrt(units));
      const places = tf.expandDims(tf.slice(this.read('positions'), [before, 0], [count, -1]), 0);
      const visible = notAhead(count, before);
      const all: KeysAndValues[] = [];
      let attention = tf.zeros([1, 1, 1]) as tf.Tensor3D;
      let features = dropped(tf.add(vectors, places), dropout, training);
      const add = (said: tf.Tensor) => {
        features = tf.add(features, dropped(said, dropout, training));
      };
      for (const [layer, own] of memory.layers.entries()) {
        const self = this.#lookBack(
          this.normalize(features, `${layer}_self_norm`),
          layer,
          visible,
          past[layer],
        );
        all.push(self.past);
        add(self.said);
        const cross = this.#lookAtMemory(this.normalize(features, `${layer}_cross_norm`), layer, own, memory);
        attention = cross.attention;
        add(cross.said);
        const inner = gelu(this.project(this.normalize(features, `${layer}_inner_norm`), `${layer}_inner`));
        add(this.project(inner, `${layer}_outer`));
      }
      const scores = project(this.normalize(features, 'norm'), tf.transpose(table), this.read('bias'));
      return { scores, attention, past: all };
    });
  }

  #lookBack(features: tf.Tensor, layer: number, visible: tf.Tensor, past: KeysAndValues | undefined) {
    const split = (name: string) =>
      splitHeads(this.project(features, `${layer}_self_${name}`), this.#options.heads);
    const [newKeys, newValues] = [split('key'), split('value')];
    const keys = past === undefined ? newKeys : tf.concat([past.keys, newKeys], 2);
    const values = past === undefined ? newValues : tf.concat([past.values, newValues], 2);
    const { found } = attend(split('query'), keys, values, visible);
    return { said: this.project(mergeHeads(found), `${layer}_self_output`), past: { keys, values } };
  }

  /** All rows of an example look at its memory together, so that this is there once. */
  #lookAtMemory(features: tf.Tensor, layer: number, { keys, values }: KeysAndValues, { visible }: Memory) {
    const { units, heads } = this.#options;
    const [rows, count] = features.shape as [number, number];
    const [batch, , , tokens] = visible.shape as [number, number, number, number];
    const queries = this.project(features, `${layer}_cross_query`);
    const together = tf.reshape(queries, [batch, (rows / batch) * count, units]);
    const { found, weights } = attend(splitHeads(together, heads), keys, values, visible);
    const said = tf.reshape(mergeHeads(found), [rows, count, units]);
    return {
      said: this.project(said, `${layer}_cross_output`),
      attention: tf.reshape(tf.mean(weights, 1), [rows, count, tokens]) as tf.Tensor3D,
    };
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.#options };
  }
}
tf.serialization.registerClass(TokenDecoder);

/** Options with what is not given. */
export function decoderSize({
  units = 128,
  layers = 2,
  heads = 4,
  inner = 4 * units,
  dropout = 0.1,
}: DecoderOptions): Required<DecoderOptions> {
  return { units, layers, heads, inner, dropout };
}

/** What each of `count` tokens behind `before` others may look at: those, itself and what is between, [1, 1, count, all]. */
function notAhead(count: number, before: number): tf.Tensor {
  const all = before + count;
  const values = Float32Array.from({ length: count * all }, (_, index) =>
    Number(index % all <= before + Math.floor(index / all)),
  );
  return tf.tensor4d(values, [1, 1, count, all]);
}
