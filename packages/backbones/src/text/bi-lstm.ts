import { paddingMask, unstackTokens } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type Shape = Parameters<tfl.layers.Layer['build']>[0];
type Shapes = Parameters<tfl.layers.Layer['computeOutputShape']>[0];
type LayerVariable = tfl.layers.Layer['trainableWeights'][number];

/** The weights of one direction. The gates are input, forget, output, candidate. */
interface Direction {
  /** [channels, 4 · units] */
  readonly kernel: LayerVariable;
  /** [units, 4 · units] */
  readonly recurrent: LayerVariable;
  /** [4 · units] */
  readonly bias: LayerVariable;
}

/** A new memory remembers: added to the forget gate's bias (R. Jozefowicz et al., ICML 2015, section 2.2). */
const REMEMBER = 1;

/**
 * A bidirectional LSTM, from features [batch, tokens, channels] to [batch, tokens, 2 · units]: what came before a
 * token, and what comes after it. Where there is no token, the memory is empty and the output zero.
 *
 * Nothing is read between the tokens, so that a step can be traced; the two directions run side by side there.
 *
 * S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory", 1997; A. Graves, J. Schmidhuber, "Framewise phoneme
 * classification with bidirectional LSTM", 2005.
 */
export class BiLstm extends tfl.layers.Layer {
  static readonly className = 'EspalierBiLstm';
  readonly #units: number;
  #directions: readonly Direction[] = [];

  constructor({ units, name }: { units: number; name?: string }) {
    super(name === undefined ? {} : { name });
    this.#units = units;
  }

  override build(shape: Shape): void {
    const channels = Number((shape as number[])[2]);
    this.#directions = ['forward', 'backward'].map((direction) => ({
      kernel: this.#weight(`${direction}_kernel`, [channels, 4 * this.#units]),
      recurrent: this.#weight(`${direction}_recurrent`, [this.#units, 4 * this.#units]),
      bias: this.addWeight(`${direction}_bias`, [4 * this.#units], 'float32', tfl.initializers.zeros()),
    }));
    this.built = true;
  }

  #weight(name: string, shape: number[]): LayerVariable {
    const limit = 1 / Math.sqrt(this.#units);
    const initializer = tfl.initializers.randomUniform({ minval: -limit, maxval: limit });
    return this.addWeight(name, shape, 'float32', initializer);
  }

  override computeOutputShape(shape: Shapes): Shapes {
    const [batch, tokens] = shape as number[];
    return [batch, tokens, 2 * this.#units];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [features] = (Array.isArray(inputs) ? inputs : [inputs]) as tf.Tensor3D[];
    return tf.tidy(() => {
      const mask = paddingMask(features);
      const [forward, backward] = this.#directions;
      const before = tf.mul(tf.stack(run(features, forward), 1), mask);
      // From the end the padding comes first: there the memory has to stay empty.
      const isToken = unstackTokens(tf.reverse(mask, 1));
      const after = tf.stack(run(tf.reverse(features, 1), backward, isToken).reverse(), 1);
      return tf.concat([before, after], 2);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), units: this.#units };
  }
}
tf.serialization.registerClass(BiLstm);

/**
 * The outputs of one direction, one tensor [batch, units] a token.
 *
 * @param isToken where it is 0, the memory is emptied, and the output with it.
 */
function run(features: tf.Tensor3D, weights: Direction, isToken?: readonly tf.Tensor[]): tf.Tensor[] {
  const [batch, tokens, channels] = features.shape;
  const recurrent = weights.recurrent.read() as tf.Tensor2D;
  const units = recurrent.shape[0];
  // What the input says to the gates does not wait for the memory: one product for all tokens.
  const flat = tf.reshape(features, [batch * tokens, channels]);
  const remembering = tf.pad(tf.fill([units], REMEMBER), [[units, 2 * units]]);
  const bias = tf.add(weights.bias.read(), remembering);
  const said = tf.add(tf.matMul(flat, weights.kernel.read() as tf.Tensor2D), bias);
  const perToken = unstackTokens(tf.reshape(said, [batch, tokens, 4 * units]));

  let output: tf.Tensor = tf.zeros([batch, units]);
  let memory: tf.Tensor = tf.zeros([batch, units]);
  return perToken.map((own, token) => {
    const sums = tf.add(own, tf.matMul(output as tf.Tensor2D, recurrent));
    const [gates, candidate] = tf.split(sums, [3 * units, units], 1);
    const [input, forget, show] = tf.split(tf.sigmoid(gates), 3, 1);
    memory = tf.add(tf.mul(forget, memory), tf.mul(input, tf.tanh(candidate)));
    if (isToken !== undefined) memory = tf.mul(memory, isToken[token]);
    output = tf.mul(show, tf.tanh(memory));
    return output;
  });
}

/** A stage that reads a text in both directions; see `BiLstm`. */
export function biLstm(options: {
  /** The length of what one direction says of a token. */
  readonly units: number;
  readonly name?: string;
}): BiLstm {
  return new BiLstm(options);
}
