import { paddingMask } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type Shapes = Parameters<tfl.layers.Layer['computeOutputShape']>[0];
type Shape = Parameters<tfl.layers.Layer['build']>[0];

/** Which tags may begin and end a sentence, and which may follow which: 1 or 0. */
export interface Allowed {
  readonly first: readonly number[];
  readonly last: readonly number[];
  /** [tag before][tag]. */
  readonly next: readonly (readonly number[])[];
}

/** What is forbidden scores this: far below everything, and still finite, so that gradients are. */
const FORBIDDEN = -1e4;

/**
 * The log-potentials of a linear-chain CRF, [batch, tokens, tag before, tag], zero at padding: the score of a tag at its
 * token, plus that of following the tag before, of beginning the sentence (whatever stands for the tag before) and of
 * ending it. They are all that a partition function, a loss or a decoder needs.
 *
 * From scores [batch, tokens, tags] and the features [batch, tokens, channels] that say what is padding.
 */
export class CrfPotentials extends tfl.layers.Layer {
  static readonly className = 'EspalierCrfPotentials';
  readonly #allowed: Allowed;
  #transitions!: tfl.layers.Layer['trainableWeights'][number];
  #first!: tfl.layers.Layer['trainableWeights'][number];
  #last!: tfl.layers.Layer['trainableWeights'][number];

  constructor(options: { name?: string; allowed: Allowed }) {
    super(options);
    this.#allowed = options.allowed;
  }

  override build(shapes: Shape): void {
    const tags = (shapes as number[][])[0][2];
    const zeros = tfl.initializers.zeros();
    this.#transitions = this.addWeight('transitions', [tags, tags], 'float32', zeros);
    this.#first = this.addWeight('first', [tags], 'float32', zeros);
    this.#last = this.addWeight('last', [tags], 'float32', zeros);
    this.built = true;
  }

  override computeOutputShape(shapes: Shapes): Shapes {
    const [batch, tokens, tags] = (shapes as number[][])[0];
    return [batch, tokens, tags, tags];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [scores, features] = inputs as tf.Tensor3D[];
    return tf.tidy(() => {
      const [, tokens, tags] = scores.shape;
      const { next, first, last } = this.#allowed;
      const mask = paddingMask(features) as tf.Tensor3D;
      const isFirst = tf.reshape(tf.pad(tf.ones([1]), [[0, tokens - 1]]), [1, tokens, 1, 1]);
      const isLast = tf.sub(
        mask,
        tf.slice(
          tf.pad(mask, [
            [0, 0],
            [0, 1],
            [0, 0],
          ]),
          [0, 1, 0],
        ),
      );
      const ending = tf.mul(tf.expandDims(isLast, 2), constrained(this.#last.read(), last));
      const begin = tf.mul(isFirst, constrained(this.#first.read(), first));
      const follow = tf.mul(tf.sub(1, isFirst), constrained(this.#transitions.read(), next));
      const potentials = tf.addN([
        tf.tile(tf.expandDims(scores, 2), [1, 1, tags, 1]),
        tf.add(tf.add(begin, follow), ending),
      ]);
      return tf.mul(potentials, tf.expandDims(mask, 3));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { first, last, next } = this.#allowed;
    return {
      ...super.getConfig(),
      allowed: { first: [...first], last: [...last], next: next.map((row) => [...row]) },
    };
  }
}
tf.serialization.registerClass(CrfPotentials);

function constrained(
  weights: tf.Tensor,
  allowed: readonly number[] | readonly (readonly number[])[],
): tf.Tensor {
  const open = tf.tensor(allowed as number[] | number[][]);
  return tf.add(tf.mul(weights, open), tf.mul(tf.sub(1, open), FORBIDDEN));
}
