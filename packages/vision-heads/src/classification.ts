import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { textBox, type VisionHead } from './draw/picture.js';
import { encodeIndices } from './indices.js';
import { accuracy } from './metrics/accuracy.js';
import { macroF1 } from './metrics/macro-f1.js';

/** Which class a picture shows. */
export interface Classification<Class extends string> {
  /** The class's name. */
  readonly label: Class;
  /** The class's place in `classes`. */
  readonly index: number;
  /** The probability of every class, in the order of `classes`; they sum to 1. */
  readonly probabilities: Float32Array;
}

export interface ClassificationOptions<Class extends string> {
  /** The names of the classes, at least two. A label is a place in this list. */
  readonly classes: readonly Class[];
}

/**
 * Softmax classification: exactly one of several classes a picture. Of a map of features, [batch, height, width,
 * channels], each channel counts where it is strongest (global max pooling).
 *
 * The loss is the cross-entropy in nats.
 */
export function classification<const Class extends string>({
  classes,
}: ClassificationOptions<Class>): VisionHead<number, Classification<Class>> {
  if (classes.length < 2) {
    throw new RangeError(`A classification needs at least two classes; found ${classes.length}.`);
  }
  return {
    kind: `classification(${classes.length})`,

    connect(features, task) {
      const last = features[features.length - 1];
      const pooled =
        last.shape.length === 4
          ? tfl.layers.globalMaxPooling2d({ name: `${task}/pooled` }).apply(last)
          : last;
      return tfl.layers
        .dense({ name: `${task}/scores`, units: classes.length })
        .apply(pooled) as tfl.SymbolicTensor;
    },

    encode: (labels, { task }) => encodeIndices(labels, classes.length, { task, found: 'the class index' }),

    losses(scores, target) {
      return tf.tidy(() => {
        const chosen = tf.oneHot(tf.cast(target, 'int32'), classes.length);
        return tf.neg(tf.sum(tf.mul(chosen, tf.logSoftmax(scores)), -1)) as tf.Tensor1D;
      });
    },

    async decode(scores) {
      const softmax = tf.softmax(scores as tf.Tensor2D);
      const values = await softmax.data<'float32'>();
      softmax.dispose();
      return Array.from({ length: scores.shape[0] }, (_, example) => {
        const probabilities = values.slice(example * classes.length, (example + 1) * classes.length);
        const index = probabilities.indexOf(Math.max(...probabilities));
        return { label: classes[index], index, probabilities };
      });
    },

    metrics: [accuracy(({ index }) => index), macroF1(({ index }) => index)],

    draw({ label, index, probabilities }, size) {
      return textBox(`${label} ${Math.round(100 * probabilities[index])} %`, 0, 0, size);
    },
  };
}
