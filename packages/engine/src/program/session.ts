import type * as tf from '@tensorflow/tfjs-core';
import { ProgramError } from '../errors.js';
import { type NativeBackend, nativeBackend } from './binding.js';
import type { GraphNode } from './saved-model.js';
import type { GraphSession } from './session-state.js';

/** A graph that TensorFlow runs in this process, with the values of its variables. */
export interface Session extends GraphSession {
  /** @param work called once, while TensorFlow computes if it can be. */
  run(
    what: string,
    feeds: ReadonlyMap<string, tf.Tensor>,
    fetches: readonly string[],
    work?: () => void,
  ): tf.Tensor[];
  /** Takes a graph that has grown in place of the former one; false where it takes another session for that. */
  grow(nodes: readonly GraphNode[]): boolean;
  /**
   * Runs a node for what it does. It may still be at it when this returns: whatever uses the session next waits for that,
   * and throws what it has thrown.
   *
   * @param what For errors.
   */
  perform(what: string, feeds: ReadonlyMap<string, tf.Tensor>, node: string): void;
  close(): void;
}

export function expectInUse(what: string, backend: NativeBackend): void {
  if (nativeBackend() === backend) return;
  throw new ProgramError(
    `${what}: the program was made on native TensorFlow, and another engine is in use now. Call engine.use('native') first.`,
  );
}

/** Has TensorFlow's errors say what they are about. */
export function failing<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ProgramError(`${what}. TensorFlow says: ${reason}`, { cause });
  }
}
