import { type Head, type Metric, TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { textFeatures } from './layers/pool-tokens.js';
import { accuracyScore, macroF1 } from './metrics/classes.js';
import { pearson, spearman } from './metrics/correlation.js';

const POLARITIES = ['negative', 'neutral', 'positive'] as const;

export type Polarity = (typeof POLARITIES)[number];

/** How a text feels about something. */
export interface Sentiment {
  readonly label: Polarity;
  /** The probability of negative, neutral and positive. */
  readonly probabilities: Float32Array;
  /** The mean rating that people would give, about −`scale` to `scale`. */
  readonly rating: number;
}

export interface SentimentOptions {
  /** The strongest rating of either kind; 4 unless given, as in VADER. */
  readonly scale?: number;
  /** Ratings that are no further from 0 than this are neutral; 0.5 unless given. */
  readonly neutral?: number;
  /**
   * By how much a rating may be off, as a standard deviation, where it is the mean of some people's: one near the limit of
   * a class then teaches both in part. 0 unless given: it teaches the class that it is in.
   */
  readonly deviation?: number;
}

/**
 * Sentiment from ratings, both as one of three classes and as a number, from features [batch, tokens, channels] or
 * [batch, channels].
 *
 * The loss is the cross-entropy of the three classes in nats, plus the squared error of the rating, in units where
 * `scale` is 2.
 */
export function sentiment({
  scale = 4,
  neutral = 0.5,
  deviation = 0,
}: SentimentOptions = {}): Head<number, Sentiment> {
  const unit = scale / 2;
  const polarityOf = (rating: number) => (rating < -neutral ? 0 : rating > neutral ? 2 : 1);
  const sharesOf = (rating: number) => {
    if (deviation === 0) return POLARITIES.map((_, place) => Number(place === polarityOf(rating)));
    const [negative, notPositive] = [-neutral, neutral].map((limit) => normal((limit - rating) / deviation));
    return [negative, notPositive - negative, 1 - notPositive];
  };
  const metric = <Value>(
    name: string,
    measure: (predictions: Value[], labels: Value[]) => number,
    [ofPrediction, ofLabel]: readonly [(prediction: Sentiment) => Value, (rating: number) => Value],
  ): Metric<number, Sentiment> => ({
    name,
    better: 'higher',
    compute: (predictions, labels) => measure(predictions.map(ofPrediction), labels.map(ofLabel)),
  });
  const classes = [
    ({ label }: Sentiment): string => label,
    (rating: number): string => POLARITIES[polarityOf(rating)],
  ] as const;
  const ratings = [({ rating }: Sentiment) => rating, (rating: number) => rating] as const;

  return {
    kind: 'sentiment',

    connect: (features, task) =>
      tfl.layers
        .dense({ name: `${task}/scores`, units: POLARITIES.length + 1 })
        .apply(textFeatures(features[features.length - 1], task)) as tfl.SymbolicTensor,

    encode(labels, { task }) {
      const wrong = labels.find((rating) => rating !== undefined && !(Math.abs(rating) <= scale));
      if (wrong !== undefined) {
        throw new TaskError(task, `found the rating ${wrong}; expected a number from ${-scale} to ${scale}.`);
      }
      return tf.tensor2d(labels.map((rating = 0) => [...sharesOf(rating), rating / unit]));
    },

    losses: (output, target) =>
      tf.tidy(() => {
        const [scores, rating] = tf.split(output, [POLARITIES.length, 1], -1);
        const [chosen, truth] = tf.split(target, [POLARITIES.length, 1], -1);
        const entropy = tf.neg(tf.sum(tf.mul(chosen, tf.logSoftmax(scores)), -1));
        return tf.add(entropy, tf.squeeze(tf.squaredDifference(rating, truth), [-1])) as tf.Tensor1D;
      }),

    async decode(output) {
      const values = await output.data<'float32'>();
      const width = POLARITIES.length + 1;
      return Array.from({ length: output.shape[0] }, (_, text) => {
        const scores = values.subarray(text * width, text * width + POLARITIES.length);
        const strengths = scores.map((score) => Math.exp(score - Math.max(...scores)));
        const total = strengths.reduce((sum, strength) => sum + strength, 0);
        const probabilities = strengths.map((strength) => strength / total);
        const label = POLARITIES[probabilities.indexOf(Math.max(...probabilities))];
        return { label, probabilities, rating: values[text * width + POLARITIES.length] * unit };
      });
    },

    metrics: [
      metric('accuracy', accuracyScore, classes),
      metric('macro-F1', macroF1, classes),
      metric('Pearson', pearson, ratings),
      metric('Spearman', spearman, ratings),
    ],
  };
}

/** How much of a normal distribution is below a place, by a logistic one: to 0.0095 (Bowling et al. 2009). */
function normal(place: number): number {
  return 1 / (1 + Math.exp(-1.702 * place));
}
