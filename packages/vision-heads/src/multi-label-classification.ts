import type { Metric } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { textBox, type VisionHead } from './draw/picture.js';
import { checkIndex } from './indices.js';

/** Which classes a picture shows. */
export interface MultiLabelClassification<Class extends string> {
  /** The names of the classes that are more probable than not, in the order of `classes`. */
  readonly labels: readonly Class[];
  /** Their places in `classes`. */
  readonly indices: readonly number[];
  /** The probability of every class, in the order of `classes`, each by itself. */
  readonly probabilities: Float32Array;
}

export interface MultiLabelClassificationOptions<Class extends string> {
  /** The names of the classes, at least one. A label lists places in this list. */
  readonly classes: readonly Class[];
}

/**
 * Multi-label classification: any number of several classes a picture. Of a map of features, [batch, height, width,
 * channels], each channel counts where it is strongest (global max pooling).
 *
 * The loss is the binary cross-entropy in nats, averaged over the classes.
 */
export function multiLabelClassification<const Class extends string>({
  classes,
}: MultiLabelClassificationOptions<Class>): VisionHead<readonly number[], MultiLabelClassification<Class>> {
  const count = classes.length;
  if (count < 1) throw new RangeError('A multi-label classification needs at least one class; found none.');
  return {
    kind: `multiLabelClassification(${count})`,

    connect(features, task) {
      const last = features[features.length - 1];
      const pooled =
        last.shape.length === 4
          ? tfl.layers.globalMaxPooling2d({ name: `${task}/pooled` }).apply(last)
          : last;
      return tfl.layers.dense({ name: `${task}/scores`, units: count }).apply(pooled) as tfl.SymbolicTensor;
    },

    encode(labels, { task }) {
      const values = new Float32Array(labels.length * count);
      for (const [example, indices] of labels.entries()) {
        for (const index of indices ?? []) {
          checkIndex(index, count, { task, found: 'the class index' });
          values[example * count + index] = 1;
        }
      }
      return tf.tensor2d(values, [labels.length, count]);
    },

    losses(scores, target) {
      return tf.tidy(() => {
        // −log σ(s) where the class is there, −log(1 − σ(s)) where it is not.
        const losses = tf.sub(tf.softplus(scores), tf.mul(scores, target));
        return tf.mean(losses, -1) as tf.Tensor1D;
      });
    },

    async decode(scores) {
      const sigmoid = tf.sigmoid(scores);
      const values = await sigmoid.data<'float32'>();
      sigmoid.dispose();
      return Array.from({ length: scores.shape[0] }, (_, example) => {
        const probabilities = values.slice(example * count, (example + 1) * count);
        const indices = classes.map((_, index) => index).filter((index) => probabilities[index] > 0.5);
        return { labels: indices.map((index) => classes[index]), indices, probabilities };
      });
    },

    metrics: [macroF1(count), exactMatch],

    draw({ labels }, size) {
      return textBox(labels.join(', ') || 'none', 0, 0, size);
    },
  };
}

type Indices = readonly number[];
type SetMetric = Metric<Indices, { readonly indices: Indices }>;

/**
 * The F1 score of each class, averaged over all classes; 0 for one that is nowhere. From 0 to 1. The reference is
 * scikit-learn's `f1_score` with `average='macro'`.
 */
function macroF1(classes: number): SetMetric {
  return {
    name: 'macro F1',
    better: 'higher',
    compute(predictions, labels) {
      const scores = Array.from({ length: classes }, (_, index) => {
        const found = predictions.map(({ indices }) => indices.includes(index));
        const truth = labels.map((indices) => indices.includes(index));
        const hits = found.filter((own, example) => own && truth[example]).length;
        const claims = [...found, ...truth].filter(Boolean).length;
        return claims === 0 ? 0 : (2 * hits) / claims;
      });
      return scores.reduce((sum, score) => sum + score, 0) / classes;
    },
  };
}

/** The share of pictures with exactly the right classes; scikit-learn's `accuracy_score` of sets. */
const exactMatch: SetMetric = {
  name: 'exact match',
  better: 'higher',
  compute(predictions, labels) {
    const right = predictions.filter(({ indices }, example) => {
      const truth = new Set(labels[example]);
      return truth.size === indices.length && indices.every((index) => truth.has(index));
    });
    return right.length / predictions.length;
  },
};
