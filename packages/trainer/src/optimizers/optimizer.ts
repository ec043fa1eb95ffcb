import type * as tf from '@tensorflow/tfjs-core';

/** Tensors by the name of the weight that they belong to, each in its shape. */
export type Updates = ReadonlyMap<string, tf.Tensor>;

export interface OptimizerContext {
  readonly learningRate: tf.Scalar;
}

/**
 * Turns gradients into the changes of weights, or does one part of that: see `chain`. A definition, without state: one
 * may serve many trainings.
 */
export interface Optimizer {
  /** Makes what one training remembers, for all weights that it may ever change. */
  init(weights: ReadonlyMap<string, tf.Variable>): OptimizerState;
}

/** What one training remembers. Whoever calls `init` disposes of the slots. */
export interface OptimizerState {
  /** By names that are the same in every process, for checkpoints. */
  readonly slots: ReadonlyMap<string, tf.Variable>;
  /**
   * From gradients to what is to be added to the weights. Weights without a gradient, whose tasks have no label in the
   * batch, get no change, and what is remembered of them stays as it is.
   *
   * It runs inside of a program: all that changes from step to step is a tensor.
   */
  update(gradients: Updates, context: OptimizerContext): Updates;
}
