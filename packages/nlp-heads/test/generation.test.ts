import { multiTaskModel } from '@espalier/core';
import { headConformance } from '@espalier/core/testing';
import { generativeAnswer, type TextCodec, translation } from '@espalier/nlp-heads';
import { hardSharing } from '@espalier/sharing';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beamSearch } from '../src/generation/beam-search.js';
import { TokenDecoder } from '../src/generation/token-decoder.js';

const words = ['der', 'die', 'Hund', 'Katze', 'sieht'];
const codec: TextCodec = {
  size: words.length,
  encode: (text) => (text === '' ? [] : text.split(' ').map((word) => words.indexOf(word) + 1)),
  decode: (numbers) => numbers.map((number) => words[number - 1]).join(' '),
};
const small = { codec, longest: 5, units: 8, layers: 2, heads: 2, dropout: 0 };
const head = translation(small);
const context = { task: 'text', outputShape: [4, 6] };

describe.each([
  ['translation', head, ['der Hund sieht die Katze', 'die Katze', 'die Katze sieht']],
  ['translation, greedy', translation({ ...small, beams: 1 }), ['der Hund', 'die Katze', 'sieht']],
  ['generative answers', generativeAnswer(small), ['der Hund', '', 'die Katze']],
] as const)('%s keeps the contract', (_, own, labels) => {
  for (const { name, run } of headConformance({ head: own, featureShape: [4, 6], labels })) test(name, run);
});

describe('the decoder', () => {
  const decoder = () => {
    const layer = new TokenDecoder({ symbols: 7, longest: 6, units: 8, heads: 2 });
    const features = tf.randomNormal([2, 3, 4], 0, 1, 'float32', 5);
    layer.apply(features);
    return { layer, features };
  };
  const numbers = [
    [6, 2, 3, 1],
    [6, 1, 1, 2],
  ];

  test('says the same token by token as for all tokens at once', () => {
    const { layer, features } = decoder();
    tf.tidy(() => {
      const memory = layer.remember(features);
      const all = layer.write(tf.tensor2d(numbers, undefined, 'int32'), memory);
      let past: (typeof all)['past'] = [];
      for (let token = 0; token < 4; token++) {
        const one = tf.tensor2d(
          numbers.map((row) => [row[token]]),
          undefined,
          'int32',
        );
        const said = layer.write(one, memory, past);
        ({ past } = said);
        for (const part of ['scores', 'attention'] as const) {
          const expected = tf.slice(all[part], [0, token, 0], [-1, 1, -1]);
          expect(tf.max(tf.abs(tf.sub(said[part], expected))).dataSync()[0]).toBeLessThan(1e-5);
        }
      }
    });
    tf.dispose(features);
    layer.dispose();
  });

  test('does not look ahead, nor at padding, and all rows of an example look at its memory', () => {
    const { layer, features } = decoder();
    tf.tidy(() => {
      const padded = tf.pad(features, [
        [0, 0],
        [0, 2],
        [0, 0],
      ]);
      const one = layer.write(tf.tensor2d(numbers, undefined, 'int32'), layer.remember(features));
      const ahead = numbers.map((row) => [...row.slice(0, 3), 5]);
      const rows = numbers.flatMap((row, example) => [ahead[example], row]);
      const two = layer.write(tf.tensor2d(rows, undefined, 'int32'), layer.remember(padded));
      const [first, second] = [one.scores.arraySync(), two.scores.arraySync()];
      for (const example of [0, 1]) {
        for (const [token, scores] of first[example].entries()) {
          const [other, same] = [second[2 * example][token], second[2 * example + 1][token]];
          for (const [symbol, score] of scores.entries()) {
            expect(same[symbol]).toBeCloseTo(score, 4);
            if (token < 3) expect(other[symbol]).toBeCloseTo(score, 4);
          }
        }
      }
      const looked = two.attention.arraySync()[1][0];
      expect(looked.slice(0, 3).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
      expect(looked.slice(3)).toEqual([0, 0]);
    });
    tf.dispose(features);
    layer.dispose();
  });
});

describe('beam search', () => {
  const END = 3;
  const longest = 4;
  const tables = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 40, maxLength: 40 });

  /** The log-probabilities of 1, 2 and END behind a text; what each token looks at, over two tokens of the source. */
  function languageOf(table: readonly number[]) {
    const weight = (text: readonly number[], symbol: number) =>
      table[(text.reduce((sum, number) => 3 * sum + number, 7) * 3 + symbol) % table.length];
    return {
      log: (text: readonly number[], symbol: number) =>
        Math.log(weight(text, symbol) / [1, 2, END].reduce((sum, own) => sum + weight(text, own), 0)),
      looked: (text: readonly number[]) => [weight(text, 1) / 20, weight(text, 1) / 40],
    };
  }

  function search(table: readonly number[], beams: number, lengthPenalty: number, coveragePenalty: number) {
    const { log, looked } = languageOf(table);
    let texts: number[][] = Array.from({ length: beams }, () => []);
    let begun = false;
    return beamSearch({
      sources: [[1, 1]],
      beams,
      lengthPenalty,
      coveragePenalty,
      end: END,
      longest,
      async step(numbers, from) {
        texts = Array.from(from, (row, index) => (begun ? [...texts[row], numbers[index]] : []));
        begun = true;
        return {
          candidates: 3,
          numbers: texts.flatMap(() => [1, 2, END]),
          logs: texts.flatMap((text) => [1, 2, END].map((symbol) => log(text, symbol))),
          attention: Float32Array.from(texts.flatMap((text) => looked(text))),
        };
      },
    });
  }

  const ended = (text: readonly number[] = []): number[][] =>
    text.length === longest - 1
      ? [[...text]]
      : [[...text], ...[1, 2].flatMap((symbol) => ended([...text, symbol]))];

  test('with room for all texts finds the best of all, by both penalties', async () => {
    await fc.assert(
      fc.asyncProperty(
        tables,
        fc.constantFrom(0, 0.6, 1),
        fc.constantFrom(0, 0.3),
        async (table, lengthPenalty, coveragePenalty) => {
          const { log, looked } = languageOf(table);
          const scores = ended().map((text) => {
            const all = [...text, END];
            const sum = all.reduce((total, symbol, place) => total + log(all.slice(0, place), symbol), 0);
            const cover = [0, 1].map((token) =>
              Math.log(
                Math.min(
                  1,
                  all.reduce((total, _, place) => total + looked(all.slice(0, place))[token], 0),
                ),
              ),
            );
            return {
              text,
              score: sum / ((5 + all.length) / 6) ** lengthPenalty + coveragePenalty * (cover[0] + cover[1]),
            };
          });
          const best = scores.reduce((a, b) => (b.score > a.score ? b : a));
          const [found] = await search(table, 27, lengthPenalty, coveragePenalty);
          expect(found.score).toBeCloseTo(best.score, 4);
          expect(found.attention).toHaveLength(found.numbers.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('with one beam takes the likeliest token each time', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (table) => {
        const { log } = languageOf(table);
        const greedy: number[] = [];
        while (greedy.length < longest) {
          const next = [1, 2, END].reduce((a, b) => (log(greedy, b) > log(greedy, a) ? b : a));
          if (next === END) break;
          greedy.push(next);
        }
        const [found] = await search(table, 1, 0, 0);
        expect(found.numbers).toEqual(greedy);
      }),
      { numRuns: 40 },
    );
  });
});

test('learns to write what it reads the other way round, and shows where it looks', async () => {
  const model = multiTaskModel({
    inputShape: [null, 5],
    trunk: () => [tfl.layers.dense({ name: 'trunk', units: 16, useBias: false })],
    sharing: hardSharing(),
    heads: { text: translation({ ...small, units: 16, longest: 3, layers: 1 }) },
    seed: 2,
  });
  const read = (text: number[]) =>
    Float32Array.from(text.flatMap((word) => words.map((_, place) => (place === word ? 1 : 0))));
  // The first of each pair tells where it stands: nothing else does.
  const pairs = [0, 1].flatMap((first) => [2, 3, 4].map((second) => [first, second]));
  const write = (text: readonly number[]) => text.map((word) => words[word]).join(' ');
  const examples = pairs.map((pair) => ({ input: read(pair), labels: { text: write(pair.toReversed()) } }));
  const batch = model.batch(examples);
  const optimizer = tf.train.adam(0.02);
  for (let step = 0; step < 60; step++) {
    optimizer.minimize(() => model.losses(batch, { training: true }).text!, false, model.variables);
  }
  const { text } = await model.predict(batch.inputs);
  expect(text.map((own) => own.text)).toEqual(examples.map(({ labels }) => labels.text));
  expect(text[0].attention.map((looked) => looked.length)).toEqual([2, 2]);
  optimizer.dispose();
  tf.dispose([batch.inputs as tf.Tensor, batch.targets.text.values, batch.targets.text.mask]);
  model.dispose();
}, 30_000);

test('the loss is the smoothed cross-entropy of the tokens with their end', () => {
  const layer = new TokenDecoder({ symbols: 7, longest: 6, units: 8, heads: 2, dropout: 0 });
  tf.tidy(() => {
    const features = layer.apply(tf.randomNormal([1, 4, 6], 0, 1, 'float32', 3)) as tf.Tensor;
    const labels = head.encode(['der Hund'], context);
    expect(Array.from(labels.dataSync())).toEqual([1, 3, 6, 0, 0, 0]);
    const { scores } = layer.write(tf.tensor2d([[6, 1, 3]], undefined, 'int32'), layer.remember(features));
    const logs = tf.logSoftmax(scores).arraySync()[0];
    const expected =
      [1, 3, 6].reduce((sum, number, token) => {
        const mean = logs[token].reduce((total, log) => total + log, 0) / 7;
        return sum - 0.9 * logs[token][number] - 0.1 * mean;
      }, 0) / 3;
    expect(head.losses(features, labels, { layer, training: false }).dataSync()[0]).toBeCloseTo(expected, 4);
  });
  layer.dispose();
});

test('labels that cannot be written are refused by their value', () => {
  expect(() => head.encode(['der die der die der die'], context)).toThrow(
    /Task "text": label 0 of the batch has 6 tokens; expected 1 to 5/,
  );
  expect(() => head.encode([''], context)).toThrow(/0 tokens; expected 1 to 5/);
  expect(() => head.encode(['der Vogel'], context)).toThrow(
    /gives 0 for a token of "der Vogel"; expected 1 to 5/,
  );
  expect(() => head.encode(['\ud800'], context)).toThrow(/half of a surrogate pair.*normalizeText/);
  const empty = generativeAnswer(small).encode([''], context);
  expect(Array.from(empty.dataSync())).toEqual([6, 0, 0, 0, 0, 0]);
  tf.dispose([empty]);
  expect(() => head.losses(tf.zeros([1, 1, 1]), tf.zeros([1, 6]))).toThrow(/needs the pass/);
  expect(() => new TokenDecoder({ symbols: 3, longest: 2, units: 8, heads: 3 })).toThrow(/3 heads/);
});
