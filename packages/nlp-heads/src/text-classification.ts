import type { Head, Metric } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { checkNames, placeOf } from './class-names.js';
import { textFeatures } from './layers/pool-tokens.js';
import { accuracyScore, macroF1, matthewsCorrelation } from './metrics/classes.js';

/** Which class a text belongs to. */
export interface TextClass<Class extends string> {
  readonly label: Class;
  /** The probability of every class, in the order of `classes`; they sum to 1. */
  readonly probabilities: Float32Array;
}

/**
 * Softmax classification: exactly one of several classes a text, from features [batch, tokens, channels], of which each
 * channel counts with its mean and its largest value, or [batch, channels].
 *
 * The loss is the cross-entropy in nats.
 */
export function textClassification<const Class extends string>({
  classes,
}: {
  /** The names of the classes, at least two. A label is one of them. */
  readonly classes: readonly Class[];
}): Head<string, TextClass<Class>> {
  checkNames(classes, 'classification', 2);
  return {
    kind: `textClassification(${classes.length})`,

    connect: (features, task) =>
      tfl.layers
        .dense({ name: `${task}/scores`, units: classes.length })
        .apply(textFeatures(features[features.length - 1], task)) as tfl.SymbolicTensor,

    encode: (labels, { task }) =>
      tf.tensor1d(
        labels.map((label) => (label === undefined ? 0 : placeOf(label, classes, task))),
        'int32',
      ),

    losses: (scores, target) =>
      tf.tidy(() => {
        const chosen = tf.oneHot(tf.cast(target, 'int32'), classes.length);
        return tf.neg(tf.sum(tf.mul(chosen, tf.logSoftmax(scores)), -1)) as tf.Tensor1D;
      }),

    async decode(scores) {
      const softmax = tf.softmax(scores as tf.Tensor2D);
      const values = await softmax.data<'float32'>();
      softmax.dispose();
      return Array.from({ length: scores.shape[0] }, (_, text) => {
        const probabilities = values.slice(text * classes.length, (text + 1) * classes.length);
        return { label: classes[probabilities.indexOf(Math.max(...probabilities))], probabilities };
      });
    },

    metrics: classMetrics(({ label }: TextClass<Class>) => label),
  };
}

/** Accuracy, macro-F1 and Matthews correlation of a prediction's class. */
export function classMetrics<Prediction>(
  classOf: (prediction: Prediction) => string,
): readonly [Metric<string, Prediction>, Metric<string, Prediction>, Metric<string, Prediction>] {
  const metric = (
    name: string,
    measure: (predictions: readonly string[], labels: readonly string[]) => number,
  ): Metric<string, Prediction> => ({
    name,
    better: 'higher',
    compute: (predictions, labels) => measure(predictions.map(classOf), labels),
  });
  return [metric('accuracy', accuracyScore), metric('macro-F1', macroF1), metric('MCC', matthewsCorrelation)];
}
