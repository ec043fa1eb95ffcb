import { type Metric, TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { textBox, type VisionHead } from './draw/picture.js';

/** Where the labels of a quantity lie, in its unit; usually measured on the training examples. */
export interface Quantity {
  readonly mean: number;
  /** The standard deviation, above 0. */
  readonly deviation: number;
}

export interface ImageRegressionOptions<Name extends string> {
  /** The quantities to predict, at least one, by name. */
  readonly quantities: Readonly<Record<Name, Quantity>>;
}

/**
 * Regression of one or more quantities of a picture. A map of features, [batch, height, width, channels], is averaged
 * (global average pooling).
 *
 * The loss is the squared error in standard deviations, averaged over the quantities: with labels as far apart as
 * `quantities` says, it is 1 for a network that knows nothing. Predictions are in the labels' unit.
 */
export function imageRegression<const Name extends string>({
  quantities,
}: ImageRegressionOptions<Name>): VisionHead<Readonly<Record<Name, number>>, Readonly<Record<Name, number>>> {
  const names = Object.keys(quantities) as Name[];
  if (names.length === 0) throw new RangeError('A regression needs at least one quantity; found none.');
  for (const name of names) {
    const { mean, deviation } = quantities[name];
    if (Number.isFinite(mean) && deviation > 0 && deviation < Infinity) continue;
    throw new RangeError(
      `The quantity "${name}" has the mean ${mean} and the deviation ${deviation}; expected finite numbers, and a ` +
        'deviation above 0.',
    );
  }
  return {
    kind: `imageRegression(${names.join(', ')})`,

    connect(features, task) {
      const last = features[features.length - 1];
      const pooled =
        last.shape.length === 4
          ? tfl.layers.globalAveragePooling2d({ name: `${task}/pooled` }).apply(last)
          : last;
      return tfl.layers
        .dense({ name: `${task}/values`, units: names.length })
        .apply(pooled) as tfl.SymbolicTensor;
    },

    encode(labels, { task }) {
      const rows = labels.map((label) => {
        if (label === undefined) return names.map(() => 0);
        return names.map((name) => {
          if (!Number.isFinite(label[name])) {
            throw new TaskError(task, `found ${label[name]} for "${name}"; expected a finite number.`);
          }
          return (label[name] - quantities[name].mean) / quantities[name].deviation;
        });
      });
      return tf.tensor2d(rows, [labels.length, names.length]);
    },

    losses(output, target) {
      return tf.tidy(() => tf.mean(tf.squaredDifference(output, target), -1) as tf.Tensor1D);
    },

    async decode(output) {
      const values = await output.data<'float32'>();
      return Array.from(
        { length: output.shape[0] },
        (_, example) =>
          Object.fromEntries(
            names.map((name, index) => {
              const { mean, deviation } = quantities[name];
              return [name, mean + deviation * values[example * names.length + index]];
            }),
          ) as Record<Name, number>,
      );
    },

    metrics: [determination(names), ...names.map(meanAbsoluteError)],

    draw(prediction, size) {
      return textBox(
        names.map((name) => `${name} ${Number(prediction[name].toPrecision(3))}`).join(', '),
        0,
        0,
        size,
      );
    },
  };
}

type QuantityMetric<Name extends string> = Metric<
  Readonly<Record<Name, number>>,
  Readonly<Record<Name, number>>
>;

/**
 * The coefficient of determination, averaged over the quantities: 1 is perfect, 0 is as good as their mean. Where all
 * labels are equal it is 1 if they are met exactly, else 0. The reference is scikit-learn's `r2_score`.
 */
function determination<Name extends string>(names: readonly Name[]): QuantityMetric<Name> {
  return {
    name: 'R²',
    better: 'higher',
    compute(predictions, labels) {
      const each = names.map((name) => {
        const mean = labels.reduce((sum, label) => sum + label[name], 0) / labels.length;
        const total = labels.reduce((sum, label) => sum + (label[name] - mean) ** 2, 0);
        const left = labels.reduce(
          (sum, label, index) => sum + (label[name] - predictions[index][name]) ** 2,
          0,
        );
        return total === 0 ? Number(left === 0) : 1 - left / total;
      });
      return each.reduce((sum, value) => sum + value, 0) / names.length;
    },
  };
}

/** The mean absolute error of one quantity, in its unit. */
function meanAbsoluteError<Name extends string>(name: Name): QuantityMetric<Name> {
  return {
    name: `MAE ${name}`,
    better: 'lower',
    compute(predictions, labels) {
      const errors = labels.map((label, index) => Math.abs(label[name] - predictions[index][name]));
      return errors.reduce((sum, error) => sum + error, 0) / labels.length;
    },
  };
}
