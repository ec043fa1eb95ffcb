import type * as tf from '@tensorflow/tfjs-core';

export type NamedTensors = Readonly<Record<string, tf.Tensor>>;

/** A step: from named tensors to named tensors, by operations of tfjs and by assignments to variables. */
export type Entry<Inputs extends NamedTensors, Outputs extends NamedTensors> = (inputs: Inputs) => Outputs;

/** Entries by their names; `never` lets each have inputs of its own. */
export type Entries = Readonly<Record<string, Entry<never, NamedTensors>>>;

/** An entry of which nothing more is known. */
export type Step = Entry<NamedTensors, NamedTensors>;
