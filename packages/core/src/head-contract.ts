import * as tf from '@tensorflow/tfjs-core';
import { TaskError } from './errors.js';
import type { Head, Pass } from './head.js';
import { describeShape } from './trunk.js';

/** What TypeScript says by itself, for those who write a head in JavaScript or by way of `any`. */

const functions = ['connect', 'encode', 'losses', 'decode'] as const;

/** @throws TaskError that names the part of the head which is missing, or is something else. */
export function checkHead(head: unknown, task: string): void {
  const check = (holds: boolean, problem: string) => {
    if (!holds) throw new TaskError(task, problem);
  };
  check(
    typeof head === 'object' && head !== null,
    `its head is ${describeValue(head)}; give what a function that makes a head returns.`,
  );
  const parts = head as Partial<Head<unknown, unknown>>;
  check(
    typeof parts.kind === 'string',
    `its head's kind is ${describeValue(parts.kind)}; give a text that says what head it is, and the options that change its weights.`,
  );
  for (const part of functions) {
    check(
      typeof parts[part] === 'function',
      `its ${parts.kind} head has no function ${part}(); see Head in @espalier/core.`,
    );
  }
  check(
    Array.isArray(parts.metrics) && parts.metrics.length > 0,
    `its ${parts.kind} head has no metrics; give at least one in a list: the task is judged by the first.`,
  );
  for (const metric of parts.metrics!) {
    const { name, better, compute } = Object(metric) as Partial<typeof metric>;
    check(
      typeof name === 'string' &&
        (better === 'higher' || better === 'lower') &&
        typeof compute === 'function',
      `the metric ${name} of its ${parts.kind} head needs a name, better ('higher' or 'lower'; it is ${better}) and a ` +
        'function compute().',
    );
  }
}

/**
 * The losses of a batch, [rows].
 *
 * @throws TaskError when the head cannot compute them of this output and target, or they are not one an example.
 */
export function lossesOf<Label, Prediction>(
  head: Head<Label, Prediction>,
  task: string,
  output: tf.Tensor,
  target: tf.Tensor,
  pass: Pass,
): tf.Tensor1D {
  const where = `losses() of its ${head.kind} head`;
  let losses: unknown;
  try {
    losses = head.losses(output, target, pass);
  } catch (cause) {
    // What tfjs throws is of no class of its own, and names neither task nor tensors.
    if (!(cause instanceof Error) || cause.constructor !== Error) throw cause;
    throw new TaskError(
      task,
      `${where} fails on an output of shape ${describeShape(output.shape)} and a target of shape ` +
        `${describeShape(target.shape)}: ${cause.message} Let connect() and encode() give what losses() takes.`,
      { cause },
    );
  }
  const rows = output.shape[0];
  if (!(losses instanceof tf.Tensor)) {
    throw new TaskError(
      task,
      `${where} gives ${describeValue(losses)}; expected a tensor of shape [${rows}], one loss an example.`,
    );
  }
  if (!tf.util.arraysEqual(losses.shape, [rows])) {
    throw new TaskError(
      task,
      `${where} has shape ${describeShape(losses.shape)}; expected [${rows}], one loss an example: take the mean or the ` +
        'sum over all dimensions but the first.',
    );
  }
  return losses as tf.Tensor1D;
}

/**
 * The predictions of a batch, one a row of the output.
 *
 * @throws TaskError when the head gives anything else.
 */
export async function predictionsOf<Label, Prediction>(
  head: Head<Label, Prediction>,
  task: string,
  output: tf.Tensor,
  pass: Pass,
): Promise<readonly Prediction[]> {
  const predictions: unknown = await head.decode(output, pass);
  const rows = output.shape[0];
  if (Array.isArray(predictions) && predictions.length === rows) return predictions as readonly Prediction[];
  const found = Array.isArray(predictions) ? `${predictions.length} predictions` : describeValue(predictions);
  throw new TaskError(
    task,
    `decode() of its ${head.kind} head gives ${found} for ${rows} examples; give a list with one prediction for each row ` +
      'of the output, in the same order.',
  );
}

/** What a value is that should be another. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return `a value of type ${typeof value === 'object' ? value.constructor.name : typeof value}`;
}
