import type { Head } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { checkNames, placeOf } from './class-names.js';
import { textFeatures } from './layers/pool-tokens.js';
import { classMetrics } from './text-classification.js';

/** The scores that a text is higher than each class but the last: one direction, and a threshold a class. */
class Thresholds extends tfl.layers.Layer {
  static readonly className = 'EspalierThresholds';
  readonly #count: number;
  #thresholds!: tfl.layers.Layer['trainableWeights'][number];

  constructor(options: { name?: string; count: number }) {
    super(options);
    this.#count = options.count;
  }

  override build(): void {
    const zeros = tfl.initializers.zeros();
    this.#thresholds = this.addWeight('thresholds', [this.#count], 'float32', zeros);
    this.built = true;
  }

  override computeOutputShape(shape: number[]): number[] {
    return [shape[0], this.#count];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [value] = Array.isArray(inputs) ? inputs : [inputs];
    return tf.tidy(() => tf.add(value, this.#thresholds.read()));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), count: this.#count };
  }
}
tf.serialization.registerClass(Thresholds);

/**
 * One of several classes in an order (negative, neutral, positive), from features [batch, tokens, channels] or
 * [batch, channels]: a mistake costs the more, the further away it is.
 *
 * The loss is the sum of the binary cross-entropies, in nats, of being higher than each class but the last; the
 * prediction is as high as there are classes that the text is higher than, by more than even odds.
 *
 * W. Cao, V. Mirjalili, S. Raschka, "Rank consistent ordinal regression for neural networks" (CORAL), 2020, section 3.
 */
export function ordinalClassification<const Class extends string>({
  classes,
}: {
  /** The names of the classes from the lowest to the highest, at least two. A label is one of them. */
  readonly classes: readonly Class[];
}): Head<string, Class> {
  checkNames(classes, 'ordinal classification', 2);
  const steps = classes.length - 1;
  return {
    kind: `ordinalClassification(${classes.length})`,

    connect(features, task) {
      const value = tfl.layers
        .dense({ name: `${task}/value`, units: 1, useBias: false })
        .apply(textFeatures(features[features.length - 1], task));
      return new Thresholds({ name: `${task}/scores`, count: steps }).apply(value) as tfl.SymbolicTensor;
    },

    encode(labels, { task }) {
      const rows = labels.map((label) => {
        const place = label === undefined ? 0 : placeOf(label, classes, task);
        return Array.from({ length: steps }, (_, step) => Number(place > step));
      });
      return tf.tensor2d(rows, [labels.length, steps]);
    },

    losses: (scores, target) =>
      tf.tidy(() => tf.sum(tf.sub(tf.softplus(scores), tf.mul(scores, target)), -1) as tf.Tensor1D),

    async decode(scores) {
      const values = await scores.data<'float32'>();
      return Array.from({ length: scores.shape[0] }, (_, text) => {
        const own = values.subarray(text * steps, (text + 1) * steps);
        return classes[own.filter((score) => score > 0).length];
      });
    },

    metrics: classMetrics((label: string) => label),
  };
}
