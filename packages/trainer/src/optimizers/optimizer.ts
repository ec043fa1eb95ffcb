import type * as tf from '@tensorflow/tfjs-core';

/** Gradients by the name of the weight that they belong to, each in its shape. */
export type Gradients = ReadonlyMap<string, tf.Tensor>;

/** The weights that training may change, by names that are the same in every process, such as `stage0/kernel`. */
export type NamedWeights = ReadonlyMap<string, tf.Variable>;

export interface OptimizerContext {
  readonly learningRate: tf.Scalar;
}

/**
 * Changes weights by their gradients, or does one part of that: see `chain`. A definition without state: one may serve
 * many trainings.
 */
export interface Optimizer {
  /** Makes what one training remembers, so that no step takes more memory than the one before. */
  init(weights: NamedWeights): OptimizerState;
}

/** What one training remembers. Whoever calls `init` disposes of the slots. */
export interface OptimizerState {
  /** By names that are the same in every process, for checkpoints. */
  readonly slots: ReadonlyMap<string, tf.Variable>;
  /**
   * One update of the weights that have a gradient; the others, whose tasks have no label in the batch, and what is
   * remembered of them, stay as they are. It runs inside of a program: all that changes from step to step is a tensor.
   *
   * @returns the gradients as the next part of a chain gets them.
   */
  update(gradients: Gradients, context: OptimizerContext): Gradients;
}
