import { paddingMask } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { type LstmWeights, lstm } from './lstm.js';

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

/** Added to a gate: it lets nothing through. */
const SHUT = -1e9;

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
      const [forward, backward] = this.#directions.map((direction) => this.#valuesOf(direction));
      const before = lstm(features, forward);
      // From the end the padding comes first: there the memory has to stay empty.
      const isPadding = tf.sub(1, mask);
      const marked = tf.reverse(tf.concat([features, isPadding], 2), 1) as tf.Tensor3D;
      const shut = tf.pad(tf.fill([1, 3 * this.#units], SHUT), [
        [0, 0],
        [0, this.#units],
      ]);
      const kernel = tf.concat([backward.kernel, shut], 0) as tf.Tensor2D;
      const after = tf.reverse(lstm(marked, { ...backward, kernel }), 1);
      return tf.mul(tf.concat([before, after], 2), mask);
    });
  }

  #valuesOf({ kernel, recurrent, bias }: Direction): LstmWeights {
    const units = this.#units;
    const remembering = tf.pad(tf.fill([units], REMEMBER), [[units, 2 * units]]);
    return {
      kernel: kernel.read() as tf.Tensor2D,
      recurrent: recurrent.read() as tf.Tensor2D,
      bias: tf.add(bias.read(), remembering) as tf.Tensor1D,
    };
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), units: this.#units };
  }
}
tf.serialization.registerClass(BiLstm);

/** A stage that reads a text in both directions; see `BiLstm`. */
export function biLstm(options: {
  /** The length of what one direction says of a token. */
  readonly units: number;
  readonly name?: string;
}): BiLstm {
  return new BiLstm(options);
}
