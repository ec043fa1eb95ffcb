import { type Head, type Metric, paddingMask, TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type Shapes = Parameters<tfl.layers.Layer['computeOutputShape']>[0];

/** Tokens of a text from `start` up to, without, `end`. */
export interface TokenSpan {
  readonly start: number;
  readonly end: number;
}

/** A span with the sum of the logarithms of the probabilities that it begins and ends there. */
export interface ScoredSpan extends TokenSpan {
  readonly score: number;
}

/** What is said about the answer to a question. */
export interface ExtractedAnswer {
  /** Where it is; null if that there is none is as probable as any. */
  readonly span: TokenSpan | null;
  /** The best spans, the first the best. */
  readonly spans: readonly ScoredSpan[];
  /** The score of there being no answer, in the same unit. */
  readonly none: number;
}

export interface ExtractiveAnswerOptions {
  /** How many tokens an answer has at most; 30 unless given, as in BERT's own script. */
  readonly longest?: number;
}

/** How many beginnings and ends are combined, and how many spans are told. */
const BEST = 20;
/** What the scores of padding are: far below all others, and finite. */
const NOWHERE = -1e4;

/** Scores [batch, tokens, 2] and features [batch, tokens, channels]: the scores, next to impossible at padding. */
class HidePadding extends tfl.layers.Layer {
  static readonly className = 'EspalierHidePadding';

  override computeOutputShape(shapes: Shapes): Shapes {
    return shapes[0] as Shapes;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [scores, features] = inputs as tf.Tensor[];
    return tf.tidy(() => {
      const mask = paddingMask(features);
      return tf.add(tf.mul(scores, mask), tf.mul(tf.sub(1, mask), NOWHERE));
    });
  }
}
tf.serialization.registerClass(HidePadding);

/**
 * The part of a text that answers a question, from features [batch, tokens, channels] of both in one sequence: where it
 * begins and where it ends. That there is no answer is said by the first token, which is never part of one.
 *
 * A label is a span of tokens, or null for no answer. The loss is the mean of the cross-entropies of beginning and end
 * in nats.
 *
 * J. Devlin et al., "BERT", NAACL 2019, sections 4.2 and 4.3.
 */
export function extractiveAnswer({
  longest = 30,
}: ExtractiveAnswerOptions = {}): Head<TokenSpan | null, ExtractedAnswer> {
  return {
    kind: 'extractiveAnswer',

    connect(features, task) {
      const last = features[features.length - 1];
      const scores = tfl.layers.dense({ name: `${task}/scores`, units: 2 }).apply(last) as tfl.SymbolicTensor;
      return new HidePadding({ name: `${task}/tokens` }).apply([scores, last]) as tfl.SymbolicTensor;
    },

    encode(labels, { task, outputShape: [tokens] }) {
      const rows = labels.map((label, row): [number, number] => {
        if (label === undefined || label === null) return [0, 0];
        const { start, end } = label;
        if (Number.isInteger(start) && Number.isInteger(end) && 1 <= start && start < end && end <= tokens) {
          return [start, end - 1];
        }
        throw new TaskError(
          task,
          `label ${row} of the batch is the span from ${start} to ${end}; expected one token or more of 1 to ${tokens}.`,
        );
      });
      return tf.tensor2d(rows, [labels.length, 2], 'int32');
    },

    losses: (scores, target) =>
      tf.tidy(() => {
        const places = tf.oneHot(tf.cast(target, 'int32') as tf.Tensor2D, scores.shape[1]!);
        const logs = tf.logSoftmax(tf.transpose(scores, [0, 2, 1]));
        return tf.div(tf.neg(tf.sum(tf.mul(places, logs), [1, 2])), 2) as tf.Tensor1D;
      }),

    async decode(scores) {
      const logs = tf.tidy(() => tf.logSoftmax(tf.transpose(scores, [0, 2, 1])));
      const values = await logs.data<'float32'>();
      logs.dispose();
      const [batch, tokens] = scores.shape as [number, number];
      return Array.from({ length: batch }, (_, row) => {
        const start = values.subarray(2 * row * tokens, (2 * row + 1) * tokens);
        const end = values.subarray((2 * row + 1) * tokens, (2 * row + 2) * tokens);
        const spans = bestSpans(start, end, longest);
        const none = start[0] + end[0];
        const [best] = spans;
        return {
          span: best === undefined || best.score <= none ? null : { start: best.start, end: best.end },
          spans,
          none,
        };
      });
    },

    metrics: [spanMetric('exact match', isSame), spanMetric('F1', overlapF1)],
  };
}

function bestSpans(starts: Float32Array, ends: Float32Array, longest: number): ScoredSpan[] {
  const best = (logs: Float32Array) =>
    Array.from(logs.keys())
      .filter((token) => token > 0 && logs[token] > NOWHERE / 2)
      .sort((a, b) => logs[b] - logs[a])
      .slice(0, BEST);
  const lasts = best(ends);
  return best(starts)
    .flatMap((start) =>
      lasts
        .filter((last) => start <= last && last < start + longest)
        .map((last) => ({ start, end: last + 1, score: starts[start] + ends[last] })),
    )
    .sort((a, b) => b.score - a.score)
    .slice(0, BEST);
}

function spanMetric(
  name: string,
  measure: (prediction: TokenSpan | null, label: TokenSpan | null) => number,
): Metric<TokenSpan | null, ExtractedAnswer> {
  return {
    name,
    better: 'higher',
    compute: (predictions, labels) =>
      predictions.reduce((sum, { span }, index) => sum + measure(span, labels[index]), 0) /
      predictions.length,
  };
}

function isSame(a: TokenSpan | null, b: TokenSpan | null): number {
  return Number(a?.start === b?.start && a?.end === b?.end);
}

/** Of the tokens that two spans have in common. */
function overlapF1(a: TokenSpan | null, b: TokenSpan | null): number {
  if (a === null || b === null) return Number(a === b);
  const common = Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));
  return (2 * common) / (a.end - a.start + (b.end - b.start));
}

/** What is needed of a window over a paragraph to know which text a span is. */
interface Window {
  /** Which of its tokens is the paragraph's first. */
  readonly first: number;
  /** Where the tokens from `first` on stand in the paragraph. */
  readonly spans: readonly { readonly start: number; readonly end: number }[];
}

/**
 * The answer to a question whose paragraph was read in windows: the best span of any that is inside of the paragraph,
 * or '' if in every window there being none is more probable by `threshold` nats.
 *
 * @param predictions one a window.
 */
export function answerInWindows(
  context: string,
  windows: readonly Window[],
  predictions: readonly ExtractedAnswer[],
  { threshold = 0 }: { readonly threshold?: number } = {},
): string {
  const found = windows.flatMap(({ first, spans }, index) => {
    const { spans: candidates, none } = predictions[index];
    const best = candidates.find(({ start, end }) => start >= first && end - first <= spans.length);
    if (best === undefined) return [];
    const text = context.slice(spans[best.start - first].start, spans[best.end - first - 1].end);
    return [{ text, lead: best.score - none }];
  });
  const best = found.reduce((a, b) => (b.lead > a.lead ? b : a), { text: '', lead: threshold });
  return best.text;
}
