import { type Head, TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { poolTokens } from './layers/pool-tokens.js';
import { type TextClass, textClassification } from './text-classification.js';

type Shapes = Parameters<tfl.layers.Layer['computeOutputShape']>[0];

/** [batch, 2 · tokens, channels], the first half a text and the second another, to [batch, 8 · channels]. */
class ComparePair extends tfl.layers.Layer {
  static readonly className = 'EspalierComparePair';

  override computeOutputShape(shape: Shapes): Shapes {
    const [batch, , channels] = shape as number[];
    return [batch, 8 * channels];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [features] = Array.isArray(inputs) ? inputs : [inputs];
    const tokens = Number(features.shape[1]);
    if (tokens % 2 !== 0) {
      throw new TaskError(
        this.name.split('/')[0],
        `a pair has ${tokens} tokens; expected two texts one behind the other, both padded to the same length.`,
      );
    }
    return tf.tidy(() => {
      const [first, second] = tf.split(features, 2, 1).map(poolTokens);
      return tf.concat([first, second, tf.abs(tf.sub(first, second)), tf.mul(first, second)], -1);
    });
  }
}
tf.serialization.registerClass(ComparePair);

/**
 * What two texts are to each other, such as whether one follows from the other: one of several classes, from features
 * [batch, 2 · tokens, channels] of both, one behind the other and padded to the same length. Each text's channels count
 * with their mean and largest value, and so do the two texts' difference and product.
 *
 * The loss is the cross-entropy in nats.
 *
 * A. Conneau et al., "Supervised Learning of Universal Sentence Representations from Natural Language Inference Data",
 * EMNLP 2017, section 3.1.
 */
export function sentencePairs<const Class extends string>({
  classes,
}: {
  /** The names of the classes, at least two. A label is one of them. */
  readonly classes: readonly Class[];
}): Head<string, TextClass<Class>> {
  return {
    ...textClassification({ classes }),
    kind: `sentencePairs(${classes.length})`,
    connect(features, task) {
      const pair = new ComparePair({ name: `${task}/pair` }).apply(features[features.length - 1]);
      return tfl.layers
        .dense({ name: `${task}/scores`, units: classes.length })
        .apply(pair) as tfl.SymbolicTensor;
    },
  };
}
