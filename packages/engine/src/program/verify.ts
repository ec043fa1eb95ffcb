import type * as tf from '@tensorflow/tfjs-core';
import { ProgramError } from '../errors.js';

export interface Pair {
  readonly name: string;
  readonly found: tf.Tensor;
  readonly expected: tf.Tensor;
}

/** @throws ProgramError where a value differs by more than `tolerance` times the tensor's largest. */
export function expectSame(entry: string, pairs: readonly Pair[], tolerance: number): void {
  for (const { name, found, expected } of pairs) {
    const difference = relativeDifference(found.dataSync(), expected.dataSync());
    if (!(difference <= tolerance)) {
      throw new ProgramError(
        `entry '${entry}': the traced step gives another ${name} than the function itself: relative difference ${difference.toPrecision(3)}, ` +
          `expected at most ${tolerance}. Run the program with traced: false, and report this.`,
      );
    }
  }
}

/** NaN is the same as NaN: the question is whether the two agree. */
function relativeDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 1e-30;
  let difference = 0;
  for (let index = 0; index < expected.length; index++) {
    if (Object.is(found[index], expected[index])) continue;
    largest = Math.max(largest, Math.abs(expected[index]!));
    difference = Math.max(difference, Math.abs(found[index]! - expected[index]!));
  }
  return difference / largest;
}
