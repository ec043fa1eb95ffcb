import type { Head } from '../head.js';
import { expect } from './conformance.js';

const functions = ['connect', 'encode', 'losses', 'decode'] as const;

/**
 * What TypeScript says by itself, for those who write a head in JavaScript or by way of `any`.
 *
 * @throws ConformanceError that names the part which is missing, or is something else.
 */
export function checkParts<Label, Prediction>(head: Head<Label, Prediction>, labels: readonly Label[]): void {
  expect(
    typeof head.kind === 'string',
    `The head's kind is ${head.kind}; give a text that says what head it is, and the options that change its weights.`,
  );
  for (const part of functions) {
    expect(
      typeof head[part] === 'function',
      `The head has no function ${part}(); see Head in @espalier/core.`,
    );
  }
  expect(
    Array.isArray(head.metrics) && head.metrics.length > 0,
    'The head has no metrics; give at least one in a list: the task is judged by the first.',
  );
  for (const { name, better, compute } of head.metrics) {
    expect(
      typeof name === 'string' && ['higher', 'lower'].includes(better) && typeof compute === 'function',
      `The metric ${name} needs a name, better ('higher' or 'lower'; it is ${better}) and a function compute().`,
    );
  }
  expect(
    labels.length >= 3,
    `The kit was given ${labels.length} labels; give at least three, not all the same.`,
  );
}
