import { type HeadContext, TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { brokenAt, repairTags, type TagScheme } from './tag-scheme.js';

/** What stands in a target where a sentence has no token. */
const PADDING = -1;

/** What is done with labels that break the scheme: they are refused, or tagged anew for the same entities. */
export type BrokenTags = 'refuse' | 'repair';

/**
 * The places of the tags in `tags`, [batch, tokens], −1 behind the end of a sentence.
 *
 * @throws TaskError when a sentence is empty, longer than the batch, has a tag that is not in `tags`, or breaks the
 * scheme.
 */
export function encodeTags(
  labels: readonly (readonly string[] | undefined)[],
  tags: readonly string[],
  { task, outputShape: [length] }: HeadContext,
  scheme?: { readonly name: TagScheme; readonly broken: BrokenTags },
): tf.Tensor2D {
  const places = new Map(tags.map((tag, place) => [tag, place]));
  const values = new Int32Array(labels.length * length).fill(PADDING);
  for (const [sentence, label] of labels.entries()) {
    if (label === undefined) continue;
    if (label.length === 0 || label.length > length) {
      throw new TaskError(
        task,
        `label ${sentence} of the batch has ${label.length} tags; expected 1 to ${length}, one a token.`,
      );
    }
    const own = scheme === undefined ? label : inScheme(label, sentence, scheme, task);
    for (const [token, tag] of own.entries()) {
      const place = places.get(tag);
      if (place === undefined) {
        throw new TaskError(
          task,
          `label ${sentence} of the batch has the tag "${tag}" at token ${token}; expected one of ${tags.join(', ')}.`,
        );
      }
      values[sentence * length + token] = place;
    }
  }
  return tf.tensor2d(values, [labels.length, length], 'int32');
}

/** 1 for a token, 0 for padding, [batch, tokens]. */
export function tokenMask(target: tf.Tensor): tf.Tensor2D {
  return tf.cast(tf.greaterEqual(target, 0), 'float32') as tf.Tensor2D;
}

function inScheme(
  label: readonly string[],
  sentence: number,
  { name, broken }: { readonly name: TagScheme; readonly broken: BrokenTags },
  task: string,
): readonly string[] {
  const place = brokenAt(name, label);
  if (place < 0) return label;
  if (broken === 'repair') return repairTags(name, label);
  const before = place === 0 ? 'the beginning' : `"${label[place - 1]}"`;
  const found = place === label.length ? 'the end' : `"${label[place]}"`;
  throw new TaskError(
    task,
    `label ${sentence} of the batch has ${found} after ${before} at token ${place}, which ${name} does not allow. ` +
      "Mend the labels, or let the head do it: brokenTags: 'repair'.",
  );
}
