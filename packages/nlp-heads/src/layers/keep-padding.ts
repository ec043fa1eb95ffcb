import { paddingMask } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type Shapes = Parameters<tfl.layers.Layer['computeOutputShape']>[0];

/** Scores and the features that they come from: the scores, zero where the features are padding. */
class KeepPadding extends tfl.layers.Layer {
  static readonly className = 'EspalierKeepPadding';

  override computeOutputShape(shapes: Shapes): Shapes {
    return shapes[0] as Shapes;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [scores, features] = inputs as tf.Tensor[];
    return tf.tidy(() => tf.mul(scores, paddingMask(features)));
  }
}
tf.serialization.registerClass(KeepPadding);

/** One score a class for every token, [batch, tokens, classes], zero at padding. */
export function tokenScores(features: tfl.SymbolicTensor, units: number, task: string): tfl.SymbolicTensor {
  const scores = tfl.layers.dense({ name: `${task}/scores`, units }).apply(features) as tfl.SymbolicTensor;
  return new KeepPadding({ name: `${task}/tokens` }).apply([scores, features]) as tfl.SymbolicTensor;
}
