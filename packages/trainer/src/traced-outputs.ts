import type { Heads, InputKind, MultiTaskModel, Outputs, PerInput } from '@espalier/core';
import { type NamedTensors, program } from '@espalier/engine';
import type * as tf from '@tensorflow/tfjs-core';
import { inputsOf, inputTensors } from './batch-tensors.js';

/** How often inputs of one shape come before a trace is worth what it takes: as long as a few passes. */
const PASSES_BEFORE_TRACE = 4;

/** The outputs of a model, by a graph where the engine has graphs and the shape of the inputs keeps coming. */
export class TracedOutputs<H extends Heads, I extends InputKind> {
  private readonly counts = new Map<string, number>();

  /** @param entry of a program; `outputsEntry` inside. */
  constructor(
    private readonly model: MultiTaskModel<H, I>,
    private readonly entry: (inputs: NamedTensors) => NamedTensors,
    /** Whether the program has graphs. */
    readonly traced: boolean,
  ) {}

  run(inputs: PerInput<H, I, tf.Tensor>): Outputs<H> {
    if (!this.traced) return this.model.outputs(inputs);
    const tensors = inputTensors(this.model, inputs);
    const shapes = JSON.stringify(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
    const count = (this.counts.get(shapes) ?? 0) + 1;
    this.counts.set(shapes, count);
    return count <= PASSES_BEFORE_TRACE ? this.model.outputs(inputs) : (this.entry(tensors) as Outputs<H>);
  }
}

/** The entry of a program: the outputs of inputs as `inputTensors` names them. */
export function outputsEntry<H extends Heads, I extends InputKind>(model: MultiTaskModel<H, I>) {
  return (inputs: NamedTensors): NamedTensors => model.outputs(inputsOf(model, inputs)) as NamedTensors;
}

/** The models that a training lends at the moment, with the outputs of its program. */
const lent = new WeakMap<object, TracedOutputs<never, never>>();

/** Has `useOutputs` take these for as long as the model is lent. */
export async function lendOutputs<H extends Heads, I extends InputKind, T>(
  model: MultiTaskModel<H, I>,
  outputs: TracedOutputs<H, I>,
  use: () => Promise<T>,
): Promise<T> {
  lent.set(model, outputs as unknown as TracedOutputs<never, never>);
  try {
    return await use();
  } finally {
    lent.delete(model);
  }
}

/** Gives the outputs of a model: those of the training that lends it, else by a program for this use. */
export async function useOutputs<H extends Heads, I extends InputKind, T>(
  model: MultiTaskModel<H, I>,
  use: (outputs: TracedOutputs<H, I>) => Promise<T>,
): Promise<T> {
  const own = lent.get(model);
  if (own !== undefined) return use(own as unknown as TracedOutputs<H, I>);
  const evaluation = program({
    state: [...model.weights.values()],
    entries: { outputs: outputsEntry(model) },
  });
  try {
    return await use(new TracedOutputs(model, evaluation.entries.outputs, evaluation.traced));
  } finally {
    evaluation.dispose();
  }
}
