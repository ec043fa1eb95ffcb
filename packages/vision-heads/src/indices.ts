import { TaskError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * @param found what it is the index of, for the message.
 * @throws TaskError when it is no place in a list of so many.
 */
export function checkIndex(
  index: number,
  count: number,
  { task, found }: { task: string; found: string },
): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  throw new TaskError(task, `found ${found} ${index}; expected a whole number from 0 to ${count - 1}.`);
}

/**
 * Labels that are places in a list, [batch]; 0 where there is none.
 *
 * @throws TaskError when one is no place in a list of so many.
 */
export function encodeIndices(
  labels: readonly (number | undefined)[],
  count: number,
  about: { task: string; found: string },
): tf.Tensor1D {
  for (const label of labels) if (label !== undefined) checkIndex(label, count, about);
  return tf.tensor1d(
    labels.map((label) => label ?? 0),
    'int32',
  );
}
