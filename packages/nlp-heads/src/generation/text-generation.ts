import { type Head, type Metric, type Pass, TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { beamSearch, type FoundText, type SearchOptions } from './beam-search.js';
import {
  type DecoderOptions,
  decoderSize,
  type KeysAndValues,
  type Memory,
  TokenDecoder,
} from './token-decoder.js';

/** Turns texts into numbers of tokens and back. */
export interface TextCodec {
  /** The largest number; the numbers are 1 to this, 0 is padding. */
  readonly size: number;
  encode(text: string): readonly number[];
  decode(numbers: readonly number[]): string;
}

export interface GenerationOptions extends DecoderOptions, SearchOptions {
  /** The tokens of what is written. */
  readonly codec: TextCodec;
  /** How many tokens a text has at most. */
  readonly longest: number;
  /** The share of certainty that training takes from the right token and gives to all; 0.1 unless given. */
  readonly labelSmoothing?: number;
}

/** A text that was written. */
export interface GeneratedText extends FoundText {
  readonly text: string;
}

/**
 * Writes a text about features [batch, tokens, channels], token by token, by a Transformer decoder. In training every
 * token is predicted from the right ones in front of it (teacher forcing).
 *
 * The loss is the mean over a text's tokens, its end included, of the cross-entropy with smoothed labels, in nats.
 *
 * Label smoothing: C. Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016, section 7.
 */
export function textGeneration(
  name: string,
  { codec, longest, labelSmoothing = 0.1, ...options }: GenerationOptions,
  metrics: readonly [Metric<string, GeneratedText>, ...Metric<string, GeneratedText>[]],
  { mayBeEmpty }: { readonly mayBeEmpty: boolean },
): Head<string, GeneratedText> {
  const { beams = 4, lengthPenalty = 0.6, coveragePenalty = 0, ...decoder } = options;
  const end = codec.size + 1;
  const length = longest + 1;
  const shape = { ...decoder, symbols: end + 1, longest: length };
  const { units, layers, heads, inner } = decoderSize(decoder);
  return {
    kind: `${name}(${codec.size} symbols, ${longest} tokens, ${units} units, ${inner} inner units, ${layers} layers, ${heads} heads)`,

    connect: (features, task) =>
      new TokenDecoder({ name: `${task}/decoder`, ...shape }).apply(
        features[features.length - 1],
      ) as tfl.SymbolicTensor,

    encode(labels, { task }) {
      const values = new Int32Array(labels.length * length);
      for (const [row, label] of labels.entries()) {
        if (label === undefined) continue;
        const numbers = codec.encode(checked(label, row, task));
        if (numbers.length > longest || (numbers.length === 0 && !mayBeEmpty)) {
          throw new TaskError(
            task,
            `label ${row} of the batch has ${numbers.length} tokens; expected ${mayBeEmpty ? 0 : 1} to ${longest}: "${label}".`,
          );
        }
        const bad = numbers.find(
          (number) => !(Number.isInteger(number) && number >= 1 && number <= codec.size),
        );
        if (bad !== undefined) {
          throw new TaskError(
            task,
            `the codec gives ${bad} for a token of "${label}"; expected 1 to ${codec.size}.`,
          );
        }
        values.set([...numbers, end], row * length);
      }
      return tf.tensor2d(values, [labels.length, length], 'int32');
    },

    losses: (features, target, pass) =>
      tf.tidy(() => {
        const own = decoderOf(pass);
        const chosen = tf.cast(target, 'int32') as tf.Tensor2D;
        const [rows] = chosen.shape;
        const before = tf.concat(
          [tf.fill([rows, 1], end, 'int32'), tf.slice(chosen, [0, 0], [-1, length - 1])],
          1,
        );
        const { scores } = own.write(before as tf.Tensor2D, own.remember(features), [], pass?.training);
        const logs = tf.logSoftmax(scores);
        const right = tf.sum(tf.mul(tf.oneHot(chosen, end + 1), logs), -1);
        const all = tf.mean(logs, -1);
        const losses = tf.neg(tf.add(tf.mul(right, 1 - labelSmoothing), tf.mul(all, labelSmoothing)));
        const isToken = tf.cast(tf.greater(chosen, 0), 'float32');
        return tf.div(tf.sum(tf.mul(losses, isToken), 1), tf.maximum(tf.sum(isToken, 1), 1)) as tf.Tensor1D;
      }),

    async decode(features, pass) {
      const own = decoderOf(pass);
      const memory = own.remember(features);
      const visible = await memory.visible.data();
      const [batch, tokens] = features.shape as [number, number];
      const writer = new Writer(own, memory, end);
      try {
        const found = await beamSearch({
          sources: Array.from({ length: batch }, (_, row) => visible.slice(row * tokens, (row + 1) * tokens)),
          beams,
          lengthPenalty,
          coveragePenalty,
          end,
          longest: length,
          step: (numbers, from) => writer.step(numbers, from, beams),
        });
        return found.map((text) => ({ ...text, text: codec.decode(text.numbers) }));
      } finally {
        writer.dispose();
        tf.dispose(memory);
      }
    },

    metrics,
  };
}

/** How good written texts are, each beside the one that is right. */
export function textMetric(
  name: string,
  measure: (texts: readonly string[], references: readonly (readonly string[])[]) => number,
): Metric<string, GeneratedText> {
  return {
    name,
    better: 'higher',
    compute: (predictions, labels) =>
      measure(
        predictions.map(({ text }) => text),
        labels.map((label) => [label]),
      ),
  };
}

/** A decoder at work: what it remembers of the texts that are being written. */
class Writer {
  readonly #decoder: TokenDecoder;
  readonly #memory: Memory;
  readonly #end: number;
  #past: readonly KeysAndValues[] = [];

  constructor(decoder: TokenDecoder, memory: Memory, end: number) {
    this.#decoder = decoder;
    this.#memory = memory;
    this.#end = end;
  }

  /** See `beamSearch`. Of each row one candidate more than there are beams, since one may be the end. */
  async step(numbers: Int32Array, from: Int32Array, beams: number) {
    const candidates = Math.min(beams + 1, this.#end);
    const said = tf.tidy(() => {
      const rows = tf.tensor1d(from, 'int32');
      const past = this.#past.map(({ keys, values }) => ({
        keys: tf.gather(keys, rows),
        values: tf.gather(values, rows),
      }));
      const last = tf.tensor2d(numbers, [numbers.length, 1], 'int32');
      const { scores, attention, past: all } = this.#decoder.write(last, this.#memory, past);
      // Padding is never written.
      const logs = tf.slice(tf.logSoftmax(tf.squeeze(scores, [1])), [0, 1], [-1, -1]);
      const best = tf.topk(logs, candidates);
      return { places: best.indices, logs: best.values, attention, past: all };
    }) as {
      places: tf.Tensor;
      logs: tf.Tensor;
      attention: tf.Tensor;
      past: KeysAndValues[];
    } & tf.TensorContainerObject;
    this.dispose();
    this.#past = said.past;
    try {
      const [places, logs, attention] = await Promise.all([
        said.places.data<'int32'>(),
        said.logs.data<'float32'>(),
        said.attention.data<'float32'>(),
      ]);
      return { candidates, numbers: places.map((place) => place + 1), logs, attention };
    } finally {
      tf.dispose([said.places, said.logs, said.attention]);
    }
  }

  dispose(): void {
    for (const { keys, values } of this.#past) tf.dispose([keys, values]);
    this.#past = [];
  }
}

function decoderOf(pass: Pass | undefined): TokenDecoder {
  if (pass?.layer instanceof TokenDecoder) return pass.layer;
  throw new TypeError(
    'A head that writes texts needs the pass with the layer that made its output; a model gives it.',
  );
}

function checked(label: string, row: number, task: string): string {
  if (!/\p{Surrogate}/u.test(label)) return label;
  throw new TaskError(
    task,
    `label ${row} of the batch has half of a surrogate pair, which no text has; mend it, as normalizeText of ` +
      '@espalier/datasets does.',
  );
}
