import { type Features, type Head, TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

export interface SoundClassOptions<Class extends string> {
  /** The names of the classes, at least two. A label is a place in this list. */
  readonly classes: readonly Class[];
}

/** Which class an example is of. */
export interface SoundClassPrediction<Class extends string> {
  readonly label: Class;
  /** The class's place in `classes`. */
  readonly index: number;
  /** The probability of every class, in the order of `classes`; they sum to 1. */
  readonly probabilities: Float32Array;
}

/**
 * Exactly one of several classes an example. Of a map or a sequence of features, each channel counts where it is
 * strongest (global max pooling). The loss is the cross-entropy in nats.
 */
export function soundClass<const Class extends string>({
  classes,
}: SoundClassOptions<Class>): Head<number, SoundClassPrediction<Class>> {
  if (classes.length < 2) {
    throw new RangeError(`A classification needs at least two classes; found ${classes.length}.`);
  }
  return {
    kind: `soundClass(${classes.length})`,

    connect(features, task) {
      return tfl.layers
        .dense({ name: `${task}/scores`, units: classes.length })
        .apply(pooled(features, task)) as tfl.SymbolicTensor;
    },

    encode(labels, { task }) {
      for (const label of labels) {
        if (label === undefined || (Number.isInteger(label) && label >= 0 && label < classes.length))
          continue;
        throw new TaskError(
          task,
          `found the class index ${label}; expected a whole number from 0 to ${classes.length - 1}.`,
        );
      }
      return tf.tensor1d(
        labels.map((label) => label ?? 0),
        'int32',
      );
    },

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

    metrics: [
      {
        name: 'accuracy',
        better: 'higher',
        compute: (predictions, labels) =>
          predictions.filter(({ index }, example) => index === labels[example]).length / predictions.length,
      },
    ],
  };
}

/** The last features with one vector an example: [batch, channels]. */
function pooled(features: Features, task: string): tfl.SymbolicTensor {
  const last = features[features.length - 1];
  const name = `${task}/pooled`;
  if (last.shape.length === 4)
    return tfl.layers.globalMaxPooling2d({ name }).apply(last) as tfl.SymbolicTensor;
  if (last.shape.length === 3)
    return tfl.layers.globalMaxPooling1d({ name }).apply(last) as tfl.SymbolicTensor;
  return last;
}
