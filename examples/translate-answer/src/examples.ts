import type { ExampleOf } from '@espalier/core';
import {
  type AnswerWindow,
  answerWindows,
  bucketOf,
  lengthBuckets,
  splitWords,
  type TokenFeatures,
} from '@espalier/datasets';
import { answerInWindows, answerScores, type ExtractedAnswer } from '@espalier/nlp-heads';
import type { DataOf } from '@espalier/trainer';
import type { TextHeads } from './network.js';
import type { Texts } from './texts.js';

/** Texts as tokens: every sentence to translate, then every question's windows. */
export interface ReadTexts extends Texts {
  readonly sentences: readonly (readonly string[])[];
  /** One list a question. */
  readonly windows: readonly (readonly AnswerWindow[])[];
}

export function readTexts({ pairs, questions }: Texts, window: number): ReadTexts {
  return {
    pairs,
    questions,
    sentences: pairs.map(({ source }) => splitWords(source)),
    windows: questions.map((question) => answerWindows(question, { longest: window })),
  };
}

/** All that the network reads. */
export function tokensOf({ sentences, windows }: ReadTexts): (readonly string[])[] {
  return [...sentences, ...windows.flat().map(({ tokens }) => tokens)];
}

/**
 * Every sentence with its translation, then every window with its answer, padded up to one of a few lengths.
 *
 * @param waste how much may be padding, from 0 to 1: with more there are fewer lengths, which programs are made for.
 */
export function labelled(texts: ReadTexts, features: TokenFeatures, waste: number): DataOf<TextHeads> {
  const all = tokensOf(texts);
  const buckets = lengthBuckets(
    all.map(({ length }) => length),
    waste,
  );
  const labels: ExampleOf<TextHeads>['labels'][] = [
    ...texts.pairs.map(({ target }) => ({ translation: target, answer: undefined })),
    ...texts.windows.flat().map(({ answer }) => ({ translation: undefined, answer })),
  ];
  const examples = all.map((tokens, index) => ({
    input: features.encode(tokens, bucketOf(tokens.length, buckets)),
    labels: labels[index],
  }));
  return { length: examples.length, at: (index) => examples[index] };
}

/** The answers to the questions in words, from what is said about their windows. */
export function answersOf(
  { questions, windows }: ReadTexts,
  predictions: readonly ExtractedAnswer[],
): readonly string[] {
  let next = 0;
  return questions.map(({ context }, index) => {
    const own = predictions.slice(next, next + windows[index].length);
    next += windows[index].length;
    return answerInWindows(context, windows[index], own);
  });
}

/** Exact match and F1 by the rules of SQuAD, each from 0 to 1. */
export function scoresOf(texts: ReadTexts, answers: readonly string[]) {
  return answerScores(
    answers,
    texts.questions.map((question) => question.answers.map(({ text }) => text)),
  );
}
