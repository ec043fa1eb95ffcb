import { type Head, TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

export interface ExampleHeadOptions<Class extends string> {
  /** The names of the classes, at least two. A label has, for every place, a place in this list. */
  readonly classes: readonly Class[];
}

/** Which class every place of an example is of, in row-major order. */
export interface ExampleHeadPrediction<Class extends string> {
  readonly classes: readonly Class[];
  /** One index into `classes` a place. */
  readonly indices: Int32Array;
}

/** In a label, a place that nobody knows the class of: it teaches nothing, and is not measured. */
const UNKNOWN = -1;

/**
 * One of several classes for every place: a pixel of a map, [height, width, channels], or a step of a sequence,
 * [length, channels]. The trunk's resolution is the head's. The loss is the cross-entropy in nats, its mean over the
 * known places of an example.
 *
 * A label is one class index a place in row-major order; −1 where it is not known.
 */
export function exampleHead<const Class extends string>({
  classes,
}: ExampleHeadOptions<Class>): Head<readonly number[], ExampleHeadPrediction<Class>> {
  if (classes.length < 2) {
    throw new RangeError(`A classification of places needs at least two classes; found ${classes.length}.`);
  }
  return {
    kind: `exampleHead(${classes.length})`,

    connect(features, task) {
      const last = features[features.length - 1];
      if (last.shape.length < 3) {
        throw new TaskError(
          task,
          'its features have no places; expected [height, width, channels] or [length, channels].',
        );
      }
      // A dense layer works on the last dimension: on every place alike.
      return tfl.layers
        .dense({ name: `${task}/scores`, units: classes.length })
        .apply(last) as tfl.SymbolicTensor;
    },

    encode(labels, { task, outputShape }) {
      const places = outputShape.slice(0, -1);
      const count = places.reduce((product, length) => product * length, 1);
      const values = new Int32Array(labels.length * count).fill(UNKNOWN);
      for (const [example, label] of labels.entries()) {
        if (label === undefined) continue;
        if (label.length !== count) {
          throw new TaskError(
            task,
            `found a label of ${label.length} places; expected ${places.join(' × ')}.`,
          );
        }
        for (const index of label) {
          if (index === UNKNOWN || (Number.isInteger(index) && index >= 0 && index < classes.length))
            continue;
          throw new TaskError(
            task,
            `found the class index ${index}; expected a whole number from 0 to ${classes.length - 1}, or −1.`,
          );
        }
        values.set(label, example * count);
      }
      return tf.tensor(values, [labels.length, ...places], 'int32');
    },

    losses(scores, target) {
      return tf.tidy(() => {
        const flat = <R extends tf.Rank>(tensor: tf.Tensor, shape: tf.ShapeMap[R]) =>
          tf.reshape<R>(tensor, shape);
        const examples = scores.shape[0];
        const count = target.size / examples;
        const indices = flat<tf.Rank.R2>(tf.cast(target, 'int32'), [examples, count]);
        const known = tf.cast(tf.greaterEqual(indices, 0), 'float32');
        const chosen = tf.oneHot(tf.cast(tf.maximum(indices, 0), 'int32'), classes.length);
        const logs = tf.logSoftmax(flat<tf.Rank.R3>(scores, [examples, count, classes.length]));
        const places = tf.mul(tf.neg(tf.sum(tf.mul(chosen, logs), -1)), known);
        return tf.div(tf.sum(places, 1), tf.maximum(tf.sum(known, 1), 1)) as tf.Tensor1D;
      });
    },

    async decode(scores) {
      const best = tf.tidy(() => tf.cast(tf.argMax(scores, -1), 'int32'));
      const values = await best.data<'int32'>();
      best.dispose();
      const count = values.length / scores.shape[0];
      return Array.from({ length: scores.shape[0] }, (_, example) => {
        const indices = values.slice(example * count, (example + 1) * count);
        return { classes: Array.from(indices, (index) => classes[index]), indices };
      });
    },

    metrics: [
      {
        name: 'mean IoU',
        better: 'higher',
        compute: (predictions, labels) => meanIoU(predictions, labels, classes.length),
      },
      {
        name: 'accuracy',
        better: 'higher',
        compute(predictions, labels) {
          const pairs = knownPlaces(predictions, labels);
          return pairs.filter(([predicted, known]) => predicted === known).length / Math.max(pairs.length, 1);
        },
      },
    ],
  };
}

type Indices = readonly { readonly indices: Int32Array }[];

/** What was predicted and what is true, for every place that is known. */
function knownPlaces(
  predictions: Indices,
  labels: readonly (readonly number[])[],
): (readonly [number, number])[] {
  return labels.flatMap((label, example) =>
    label.flatMap((known, place) =>
      known === UNKNOWN ? [] : [[predictions[example].indices[place], known] as const],
    ),
  );
}

/** Intersection over union of a class, its mean over the classes that are predicted or true somewhere. */
function meanIoU(predictions: Indices, labels: readonly (readonly number[])[], classes: number): number {
  const both = new Float64Array(classes);
  const either = new Float64Array(classes);
  for (const [predicted, known] of knownPlaces(predictions, labels)) {
    either[predicted] += 1;
    if (predicted === known) both[known] += 1;
    else either[known] += 1;
  }
  const shares = [...both].flatMap((count, index) => (either[index] > 0 ? [count / either[index]] : []));
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(shares.length, 1);
}
