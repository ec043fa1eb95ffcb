import type * as tf from '@tensorflow/tfjs-core';
import type { layers, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { Metric } from './metric.js';

/** A task's way through the trunk: one tensor a stage, in order; the last one is the trunk's output. */
export type Features = readonly SymbolicTensor[];

/** What the tasks have at one place of the network. Tasks that have the very same tensor share what made it. */
export type ByTask = ReadonlyMap<string, SymbolicTensor>;

/** What a head is told about the task that it serves. */
export interface HeadContext {
  /** The task's name, for the names of layers and for errors. */
  readonly task: string;
  /** The shape of the head's output for one example, without the batch dimension. */
  readonly outputShape: readonly number[];
}

/** How an output was made, for heads that go on computing behind it, as decoders do that write a text token by token. */
export interface Pass {
  /** The layer of the model that made the output. Its weights are the model's, and take part in gradients. */
  readonly layer: layers.Layer;
  /** Whether layers such as dropout work as in training. */
  readonly training: boolean;
}

/**
 * How one task is learned: from features to an output, from labels to a loss, from an output to predictions.
 *
 * A head holds no weights and no state. The layers that it adds in `connect` belong to the model, so one
 * head may serve several tasks and several models.
 *
 * @typeParam Label what a person says about one example (a class index, a list of boxes).
 * @typeParam Prediction what the head says about one example.
 */
export interface Head<Label, Prediction> {
  /** What kind of head this is, with the options that change its weights; compared when weights are loaded. */
  readonly kind: string;

  /**
   * Adds the head's layers behind the features.
   *
   * @returns the output, [batch, ...]: raw scores, so that losses can be computed without overflow.
   */
  connect(features: Features, task: string): SymbolicTensor;

  /**
   * Turns labels into the tensor that `losses` compares with the output; the first dimension is the batch.
   * `undefined` is an example without this label: its row is replaced by zeros.
   *
   * @throws TaskError when a label is not one that this head can learn.
   */
  encode(labels: readonly (Label | undefined)[], context: HeadContext): tf.Tensor;

  /**
   * The loss of every example, [batch]. Masks and means over the labelled examples are the model's business.
   *
   * @param output what `connect` gave, [batch, ...].
   * @param target what `encode` gave, [batch, ...].
   * @param pass given by the model; heads whose output says everything need none.
   */
  losses(output: tf.Tensor, target: tf.Tensor, pass?: Pass): tf.Tensor1D;

  /**
   * What the output says, one prediction an example. The output stays the caller's.
   *
   * @param pass given by the model; heads whose output says everything need none.
   */
  decode(output: tf.Tensor, pass?: Pass): Promise<readonly Prediction[]>;

  /** How good predictions are. The first metric is the one that the task is judged by. */
  readonly metrics: readonly [Metric<Label, Prediction>, ...Metric<Label, Prediction>[]];
}

/** The heads of a model, by task name. */
export type Heads = Readonly<Record<string, Head<unknown, unknown>>>;

/** The task names of these heads. */
export type TaskName<H extends Heads> = Extract<keyof H, string>;

/** What this head learns from, for one example. */
export type LabelOf<H> = H extends Head<infer Label, infer _Prediction> ? Label : never;

/** What this head predicts, for one example. */
export type PredictionOf<H> = H extends Head<infer _Label, infer Prediction> ? Prediction : never;

/** What is known about one example: a label a task, or `undefined` where there is none. */
export type Labels<H extends Heads> = { readonly [T in TaskName<H>]: LabelOf<H[T]> | undefined };

/** What a model says about a batch: for every task one prediction an example. */
export type Predictions<H extends Heads> = {
  readonly [T in TaskName<H>]: readonly PredictionOf<H[T]>[];
};

/** A task: a name and the head that learns it. */
export interface Task<
  Name extends string = string,
  H extends Head<unknown, unknown> = Head<unknown, unknown>,
> {
  readonly name: Name;
  readonly head: H;
}
