import { headConformance } from '@espalier/core/testing';
import { answerInWindows, extractiveAnswer } from '@espalier/nlp-heads';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';

const head = extractiveAnswer({ longest: 2 });
const context = { task: 'answer', outputShape: [5, 2] };

describe('extractive answers keep the contract', () => {
  const under = { head, featureShape: [5, 6], labels: [{ start: 1, end: 3 }, null, { start: 4, end: 5 }] };
  for (const { name, run } of headConformance(under)) test(name, run);
});

/** Scores of five tokens: of beginning and of ending there. */
const scores = (starts: number[], ends: number[]) =>
  tf.tensor3d([starts.map((start, token) => [start, ends[token]])]);

test('the loss is the mean of the cross-entropies of beginning and end', () => {
  tf.tidy(() => {
    const output = scores([0, Math.log(2), 0, 0, 0], [0, 0, Math.log(4), 0, 0]);
    const [loss] = head.losses(output, head.encode([{ start: 1, end: 3 }], context)).dataSync();
    expect(loss).toBeCloseTo(-(Math.log(2 / 6) + Math.log(4 / 8)) / 2, 5);
    const [none] = head.losses(output, head.encode([null], context)).dataSync();
    expect(none).toBeCloseTo(-(Math.log(1 / 6) + Math.log(1 / 8)) / 2, 5);
  });
});

test('the best span ends behind its beginning, is not too long, and is beaten by no answer', async () => {
  const decode = async (starts: number[], ends: number[]) => {
    const output = scores(starts, ends);
    const [prediction] = await head.decode(output);
    output.dispose();
    return prediction;
  };
  // The best end is in front of the best beginning, the next is too far away.
  const { span, spans, none } = await decode([0, 0, 9, 0, 0], [0, 8, 0, 0, 7]);
  expect(span).toEqual({ start: 2, end: 3 });
  expect(spans.every((own) => own.start >= 1 && own.end - own.start <= 2 && own.end > own.start)).toBe(true);
  expect(spans.map(({ score }) => score)).toEqual(spans.map(({ score }) => score).toSorted((a, b) => b - a));
  expect(none).toBeLessThan(spans[0].score);
  expect((await decode([9, 0, 1, 0, 0], [9, 0, 1, 0, 0])).span).toBeNull();
});

test('are judged by the tokens of the span', () => {
  const prediction = (span: { start: number; end: number } | null) => ({ span, spans: [], none: 0 });
  const predictions = [
    prediction({ start: 1, end: 3 }),
    prediction(null),
    prediction({ start: 1, end: 5 }),
    prediction(null),
  ];
  const labels = [{ start: 1, end: 3 }, null, { start: 3, end: 5 }, { start: 1, end: 2 }];
  const values = head.metrics.map(({ name, compute }) => [name, compute(predictions, labels)]);
  expect(Object.fromEntries(values)).toEqual({ 'exact match': 0.5, F1: (1 + 1 + 4 / 6 + 0) / 4 });
});

test('spans that cannot be are refused by their value', () => {
  for (const span of [
    { start: 0, end: 1 },
    { start: 2, end: 2 },
    { start: 3, end: 6 },
    { start: 1.5, end: 3 },
  ]) {
    expect(() => head.encode([span], context)).toThrow(
      `Task "answer": label 0 of the batch is the span from ${span.start} to ${span.end}; expected one token or more of 1 to 5.`,
    );
  }
});

test('of several windows the best answer counts that is inside of the paragraph', () => {
  const paragraph = 'Ann lives in Köln';
  const windows = [
    {
      first: 3,
      spans: [
        { start: 0, end: 3 },
        { start: 4, end: 9 },
      ],
    },
    {
      first: 3,
      spans: [
        { start: 10, end: 12 },
        { start: 13, end: 17 },
      ],
    },
  ];
  const predictions = [
    // The best is in the question.
    {
      span: null,
      none: 0,
      spans: [
        { start: 1, end: 2, score: 9 },
        { start: 3, end: 5, score: 1 },
      ],
    },
    {
      span: null,
      none: 1,
      spans: [
        { start: 4, end: 6, score: 9 },
        { start: 4, end: 5, score: 3 },
      ],
    },
  ];
  expect(answerInWindows(paragraph, windows, predictions)).toBe('Köln');
  expect(answerInWindows(paragraph, windows.slice(0, 1), predictions)).toBe('Ann lives');
  expect(answerInWindows(paragraph, windows, predictions, { threshold: 2 })).toBe('');
});
