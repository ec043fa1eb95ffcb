import type { Head } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { checkNames, placeOf } from './class-names.js';
import { textFeatures } from './layers/pool-tokens.js';
import { multiLabelF1 } from './metrics/classes.js';

/** What a text is about. */
export interface TextLabels<Class extends string> {
  /** The classes that are more probable than not. */
  readonly labels: readonly Class[];
  /** The probability of every class, in the order of `classes`, each on its own. */
  readonly probabilities: Float32Array;
}

/**
 * Any number of classes a text, by a sigmoid each, from features [batch, tokens, channels] or [batch, channels].
 *
 * The loss is the sum of the classes' binary cross-entropies in nats.
 */
export function multiLabelClassification<const Class extends string>({
  classes,
}: {
  /** The names of the classes, at least one. A label is a list of some of them, or of none. */
  readonly classes: readonly Class[];
}): Head<readonly string[], TextLabels<Class>> {
  checkNames(classes, 'multi-label classification', 1);
  return {
    kind: `multiLabelClassification(${classes.length})`,

    connect: (features, task) =>
      tfl.layers
        .dense({ name: `${task}/scores`, units: classes.length })
        .apply(textFeatures(features[features.length - 1], task)) as tfl.SymbolicTensor,

    encode(labels, { task }) {
      const values = new Float32Array(labels.length * classes.length);
      for (const [text, names] of labels.entries()) {
        for (const name of names ?? []) values[text * classes.length + placeOf(name, classes, task)] = 1;
      }
      return tf.tensor2d(values, [labels.length, classes.length]);
    },

    losses: (scores, target) =>
      tf.tidy(() => tf.sum(tf.sub(tf.softplus(scores), tf.mul(scores, target)), -1) as tf.Tensor1D),

    async decode(scores) {
      const sigmoid = tf.sigmoid(scores);
      const values = await sigmoid.data<'float32'>();
      sigmoid.dispose();
      return Array.from({ length: scores.shape[0] }, (_, text) => {
        const probabilities = values.slice(text * classes.length, (text + 1) * classes.length);
        return { labels: classes.filter((_, place) => probabilities[place] > 0.5), probabilities };
      });
    },

    metrics: [
      {
        name: 'micro-F1',
        better: 'higher',
        compute: (predictions, labels) =>
          multiLabelF1(
            predictions.map((prediction): readonly string[] => prediction.labels),
            labels,
          ),
      },
    ],
  };
}
