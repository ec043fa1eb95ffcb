import type * as tf from '@tensorflow/tfjs-core';

/** What tfjs writes down of a forward pass. */
export type Tape = ReturnType<typeof tf.engine>['state']['activeTape'];

/** An operation of the forward pass. */
export type TapeNode = Tape[number] & {
  /** What it was told besides its inputs. */
  readonly attributes: object;
};
