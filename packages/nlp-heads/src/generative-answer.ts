import type { Head } from '@espalier/core';
import {
  type GeneratedText,
  type GenerationOptions,
  textGeneration,
  textMetric,
} from './generation/text-generation.js';
import { answerScores } from './metrics/squad.js';

/**
 * Short answers that are written, from features [batch, tokens, channels] of a question with its paragraph; see
 * `GenerationOptions`. A label is the answer; where there is none it is empty, and so may predictions be.
 */
export function generativeAnswer(options: GenerationOptions): Head<string, GeneratedText> {
  return textGeneration(
    'generativeAnswer',
    options,
    [
      textMetric('exact match', (texts, answers) => answerScores(texts, answers).exactMatch),
      textMetric('F1', (texts, answers) => answerScores(texts, answers).f1),
    ],
    { mayBeEmpty: true },
  );
}
