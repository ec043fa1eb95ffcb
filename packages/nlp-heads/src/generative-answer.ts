import type { Head } from '@espalier/core';
import { type GeneratedText, type GenerationOptions, textGeneration } from './generation/text-generation.js';
import { answerScores } from './metrics/squad.js';

/**
 * Short answers that are written, from features [batch, tokens, channels] of a question with its paragraph; see
 * `GenerationOptions`. A label is the answer; where there is none it is empty, and so may predictions be.
 */
export function generativeAnswer(options: GenerationOptions): Head<string, GeneratedText> {
  const score = (predictions: readonly GeneratedText[], labels: readonly string[]) =>
    answerScores(
      predictions.map(({ text }) => text),
      labels.map((label) => [label]),
    );
  return textGeneration(
    'generativeAnswer',
    options,
    [
      {
        name: 'exact match',
        better: 'higher',
        compute: (predictions, labels) => score(predictions, labels).exactMatch,
      },
      { name: 'F1', better: 'higher', compute: (predictions, labels) => score(predictions, labels).f1 },
    ],
    { mayBeEmpty: true },
  );
}
