import type { Metric } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Classification, classification } from './classification.js';
import { textBox, type VisionHead } from './draw/picture.js';
import { accuracy } from './metrics/accuracy.js';
import { macroF1 } from './metrics/macro-f1.js';

export interface ExpressionRecognitionOptions<Expression extends string> {
  /** The names of the expressions, at least two. A label is a place in this list. */
  readonly expressions: readonly Expression[];
  /**
   * How many training examples show each expression, in the order of `expressions`: rare ones then count for more, so
   * that all count alike. Every example counts for 1 unless they are given.
   */
  readonly counts?: readonly number[];
}

/**
 * Recognition of facial expressions: exactly one a face. It is `classification` for classes that are not equally
 * frequent, as expressions never are: the loss is balanced, and the task is judged by the macro F1 score, beside
 * accuracy and the recall of every expression.
 */
export function expressionRecognition<const Expression extends string>({
  expressions,
  counts = expressions.map(() => 1),
}: ExpressionRecognitionOptions<Expression>): VisionHead<number, Classification<Expression>> {
  const head = classification({ classes: expressions });
  if (counts.length !== expressions.length || counts.some((count) => !(count > 0 && count < Infinity))) {
    throw new RangeError(
      `counts is ${counts.join(', ')}; expected a number above 0 for each of ${expressions.length} expressions.`,
    );
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  const weights = counts.map((count) => total / (counts.length * count));
  return {
    ...head,
    kind: `expressionRecognition(${expressions.length})`,
    losses: (scores, target) =>
      tf.tidy(() => {
        const chosen = tf.oneHot(tf.cast(target, 'int32'), weights.length);
        const own = tf.sum(tf.mul(chosen, tf.tensor1d(weights)), -1);
        return tf.mul(own, head.losses(scores, target)) as tf.Tensor1D;
      }),
    metrics: [macroF1(indexOf), accuracy(indexOf), ...expressions.map(recall)],
    draw: ({ label, index, probabilities }, size) =>
      textBox(
        `${label} ${Math.round(100 * probabilities[index])} %`,
        0,
        size.height - size.height / 12,
        size,
      ),
  };
}

function indexOf({ index }: Classification<string>): number {
  return index;
}

/** The share of one expression's faces that are recognized; 0 where there are none. */
function recall(expression: string, index: number): Metric<number, Classification<string>> {
  return {
    name: `recall ${expression}`,
    better: 'higher',
    compute(predictions, labels) {
      const own = predictions.filter((_, example) => labels[example] === index);
      return own.filter((prediction) => prediction.index === index).length / Math.max(own.length, 1);
    },
  };
}
