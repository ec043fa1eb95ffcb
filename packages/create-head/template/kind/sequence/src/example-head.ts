import { type Features, type Head, TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

export interface ExampleHeadOptions<Symbol extends string> {
  /** What a sequence is made of. A label is a list of places in this list. */
  readonly symbols: readonly Symbol[];
  /** The length of the longest sequence. */
  readonly longest: number;
}

/** A sequence of symbols. */
export interface ExampleHeadPrediction<Symbol extends string> {
  readonly symbols: readonly Symbol[];
  /** The symbols' places in the list of symbols. */
  readonly indices: readonly number[];
}

/**
 * A sequence of up to `longest` symbols, read from the whole example: from a map or a sequence of features alike. Every
 * position has scores for the symbols and for the end; what follows the first end is not looked at. The loss is the
 * cross-entropy in nats, its mean over the positions up to the end.
 */
export function exampleHead<const Symbol extends string>({
  symbols,
  longest,
}: ExampleHeadOptions<Symbol>): Head<readonly number[], ExampleHeadPrediction<Symbol>> {
  if (symbols.length < 1 || !Number.isInteger(longest) || longest < 1) {
    throw new RangeError(
      `A sequence needs at least one symbol and room for one; found ${symbols.length} symbols, longest ${longest}.`,
    );
  }
  const end = symbols.length;
  return {
    kind: `exampleHead(${symbols.length}, ${longest})`,

    connect(features, task) {
      const scores = tfl.layers
        .dense({ name: `${task}/scores`, units: longest * (end + 1) })
        .apply(flat(features, task));
      return tfl.layers
        .reshape({ name: `${task}/positions`, targetShape: [longest, end + 1] })
        .apply(scores) as tfl.SymbolicTensor;
    },

    encode(labels, { task }) {
      const values = new Int32Array(labels.length * longest).fill(end);
      for (const [example, label] of labels.entries()) {
        if (label === undefined) continue;
        if (label.length > longest) {
          throw new TaskError(
            task,
            `found a sequence of ${label.length} symbols; expected at most ${longest}.`,
          );
        }
        for (const index of label) {
          if (Number.isInteger(index) && index >= 0 && index < end) continue;
          throw new TaskError(
            task,
            `found the symbol ${index}; expected a whole number from 0 to ${end - 1}.`,
          );
        }
        values.set(label, example * longest);
      }
      return tf.tensor2d(values, [labels.length, longest], 'int32');
    },

    losses(scores, target) {
      return tf.tidy(() => {
        const indices = tf.cast(target, 'int32') as tf.Tensor2D;
        const isSymbol = tf.cast(tf.less(indices, end), 'float32');
        // The first end counts as well: shifted by one, a symbol's mask reaches to the place behind it.
        const counted = tf.concat(
          [tf.onesLike(tf.slice(isSymbol, [0, 0], [-1, 1])), tf.slice(isSymbol, [0, 0], [-1, longest - 1])],
          1,
        );
        const positions = tf.neg(tf.sum(tf.mul(tf.oneHot(indices, end + 1), tf.logSoftmax(scores)), -1));
        return tf.div(tf.sum(tf.mul(positions, counted), 1), tf.sum(counted, 1)) as tf.Tensor1D;
      });
    },

    async decode(scores) {
      const best = tf.tidy(() => tf.cast(tf.argMax(scores, -1), 'int32'));
      const values = await best.data<'int32'>();
      best.dispose();
      return Array.from({ length: scores.shape[0] }, (_, example) => {
        const positions = [...values.slice(example * longest, (example + 1) * longest), end];
        const indices = positions.slice(0, positions.indexOf(end));
        return { symbols: indices.map((index) => symbols[index]), indices };
      });
    },

    metrics: [
      {
        name: 'symbol error rate',
        better: 'lower',
        compute(predictions, labels) {
          const errors = labels.map((label, example) => editDistance(predictions[example].indices, label));
          const length = labels.reduce((sum, label) => sum + label.length, 0);
          return errors.reduce((sum, count) => sum + count, 0) / Math.max(length, 1);
        },
      },
      {
        name: 'exact match',
        better: 'higher',
        compute: (predictions, labels) =>
          labels.filter((label, example) => editDistance(predictions[example].indices, label) === 0).length /
          labels.length,
      },
    ],
  };
}

/** The last features as one vector an example: [batch, values]. */
function flat(features: Features, task: string): tfl.SymbolicTensor {
  const last = features[features.length - 1];
  if (last.shape.length === 2) return last;
  return tfl.layers.flatten({ name: `${task}/flat` }).apply(last) as tfl.SymbolicTensor;
}

/** How many symbols have to be put in, taken out or replaced (V. Levenshtein, 1965). */
function editDistance(from: readonly number[], to: readonly number[]): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [place, symbol] of from.entries()) {
    const next = [place + 1];
    for (const [index, wanted] of to.entries()) {
      const replaced = row[index] + (symbol === wanted ? 0 : 1);
      next.push(Math.min(replaced, row[index + 1] + 1, next[index] + 1));
    }
    row = next;
  }
  return row[to.length];
}
