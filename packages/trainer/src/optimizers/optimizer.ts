import type * as tf from '@tensorflow/tfjs-core';

/** Changes variables by their gradients. It owns its state; `dispose` frees it. */
export interface Optimizer {
  /** Makes room for what is remembered of these variables, so that no step takes more memory than the one before. */
  init(variables: readonly tf.Variable[]): void;
  /**
   * One update of the variables that have a gradient; the others, and what is remembered of them, stay as they are.
   * The gradients stay the caller's.
   */
  update(gradients: ReadonlyMap<tf.Variable, tf.Tensor>, learningRate: number): void;
  dispose(): void;
}
