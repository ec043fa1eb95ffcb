import { type Head, TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { tokenScores } from './layers/keep-padding.js';

export interface LanguageModelOptions {
  /** How many words there are; their numbers are 1 to this. */
  readonly words: number;
}

/** What stands at a place of a text. */
export interface WordGuess {
  /** The number of the likeliest word. */
  readonly word: number;
  /** The log-probability of every word, in nats, by its number; that of padding, 0, too. */
  readonly logs: Float32Array;
}

type Words = readonly (number | undefined)[];

/**
 * Says which words were hidden from a text, from features [batch, tokens, channels]: a task that needs no labels of
 * people, beside others. A label has for each token the number of the word that stood there, or undefined where it was
 * not hidden; `hideWords` of @espalier/datasets makes both.
 *
 * The loss is the mean of the hidden words' cross-entropies in nats.
 *
 * J. Devlin et al., "BERT", NAACL 2019, section 3.1, task 1.
 */
export function languageModel({ words }: LanguageModelOptions): Head<Words, readonly WordGuess[]> {
  return {
    kind: `languageModel(${words})`,

    connect: (features, task) => tokenScores(features[features.length - 1], words + 1, task),

    encode(labels, { task, outputShape: [length] }) {
      const values = new Int32Array(labels.length * length);
      for (const [text, label] of labels.entries()) {
        if (label !== undefined) values.set(checked(label, text, words, length, task), text * length);
      }
      return tf.tensor2d(values, [labels.length, length], 'int32');
    },

    losses: (scores, target) =>
      tf.tidy(() => {
        const hidden = tf.cast(target, 'int32') as tf.Tensor2D;
        const right = tf.sum(tf.mul(tf.oneHot(hidden, words + 1), tf.logSoftmax(scores)), -1);
        const isHidden = tf.cast(tf.greater(hidden, 0), 'float32');
        const count = tf.maximum(tf.sum(isHidden, 1), 1);
        return tf.neg(tf.div(tf.sum(tf.mul(right, isHidden), 1), count)) as tf.Tensor1D;
      }),

    async decode(scores) {
      const logs = tf.logSoftmax(scores);
      const values = await logs.data<'float32'>();
      logs.dispose();
      const [batch, tokens] = scores.shape as [number, number];
      return Array.from({ length: batch }, (_, text) =>
        Array.from({ length: tokens }, (_, token): WordGuess => {
          const start = (text * tokens + token) * (words + 1);
          const own = values.subarray(start, start + words + 1);
          return { word: likeliest(own), logs: own };
        }),
      );
    },

    metrics: [
      {
        name: 'perplexity',
        better: 'lower',
        compute: (predictions, labels) =>
          Math.exp(-mean(overHidden(predictions, labels, ({ logs }, word) => logs[word]))),
      },
      {
        name: 'accuracy',
        better: 'higher',
        compute: (predictions, labels) =>
          mean(overHidden(predictions, labels, (guess, word) => Number(guess.word === word))),
      },
    ],
  };
}

/** @throws TaskError when a label does not fit its text, hides nothing, or has a word that is none. */
function checked(label: Words, text: number, words: number, length: number, task: string): number[] {
  const numbers = label.map((word) => word ?? 0);
  if (numbers.length > length || numbers.every((word) => word === 0)) {
    const hidden = numbers.filter((word) => word > 0).length;
    throw new TaskError(
      task,
      `label ${text} of the batch has ${numbers.length} places, ${hidden} of them hidden; expected 1 to ${length}, and at ` +
        'least one hidden word.',
    );
  }
  const bad = label.find(
    (word) => word !== undefined && !(Number.isInteger(word) && word >= 1 && word <= words),
  );
  if (bad === undefined) return numbers;
  throw new TaskError(task, `label ${text} of the batch has the word ${bad}; expected 1 to ${words}.`);
}

function likeliest(logs: Float32Array): number {
  let best = 1;
  for (let word = 2; word < logs.length; word++) if (logs[word] > logs[best]) best = word;
  return best;
}

/** Something of every hidden word of all texts. */
function overHidden(
  predictions: readonly (readonly WordGuess[])[],
  labels: readonly Words[],
  measure: (guess: WordGuess, word: number) => number,
): number[] {
  return labels.flatMap((label, text) =>
    label.flatMap((word, token) => (word === undefined ? [] : [measure(predictions[text][token], word)])),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
