import type { Batch, Heads, InputKind, MultiTaskModel, PerInput, Target } from '@espalier/core';
import type { NamedTensors } from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';

/**
 * A batch as the inputs of a program. Their names tell which tasks have labels in it, so that a batch with labels of
 * other tasks is another trace.
 */
export function batchTensors<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  batch: Batch<H, I>,
): NamedTensors {
  const tensors = inputTensors(model, batch.inputs);
  for (const { name } of model.tasks) {
    const { values, mask, labelled } = batch.targets[name];
    tensors[`${name}/values`] = values;
    tensors[`${name}/${labelled > 0 ? 'mask' : 'no-mask'}`] = mask;
  }
  return tensors;
}

/** Inputs, as those of a program. */
export function inputTensors<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  inputs: PerInput<H, I, tf.Tensor>,
): Record<string, tf.Tensor> {
  const given: tf.Tensor | Readonly<Record<string, tf.Tensor>> = inputs;
  if (given instanceof tf.Tensor) return { inputs: given };
  return Object.fromEntries(model.tasks.map(({ name }) => [`${name}/inputs`, given[name]]));
}

/** The inputs again, inside of a program. */
export function inputsOf<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  tensors: NamedTensors,
): PerInput<H, I, tf.Tensor> {
  const ofTasks = () => Object.fromEntries(model.tasks.map(({ name }) => [name, tensors[`${name}/inputs`]]));
  return (tensors.inputs ?? ofTasks()) as PerInput<H, I, tf.Tensor>;
}

/** One of the batches that a step is made of. */
export interface Part {
  /** They may have masks of tasks without a label in the step. */
  readonly tensors: NamedTensors;
  /** How many of a task's labelled examples of the step are in it, as a part of 1; `undefined` without any. */
  readonly shares: readonly (number | undefined)[];
  /** What tells its random numbers from those of the step's other batches. */
  readonly stream: readonly number[];
}

/**
 * The batches of a step, those without any label left out. A step of several is as one of all their examples: a task's
 * loss is the mean over its labelled examples in all of them. They have the input `part`, their part of the penalties.
 */
export function partsOf<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  batches: readonly Batch<H, I>[],
): Part[] {
  const labelled = batches.filter(({ targets }) =>
    model.tasks.some(({ name }) => targets[name].labelled > 0),
  );
  const totals = model.tasks.map(({ name }) =>
    labelled.reduce((sum, { targets }) => sum + targets[name].labelled, 0),
  );
  return labelled.map((batch, index): Part => {
    const tensors = batchTensors(model, batch);
    const shares = model.tasks.map(({ name }, task) => {
      const { labelled } = batch.targets[name];
      return labelled === 0 ? undefined : labelled / totals[task];
    });
    if (labelled.length === 1) return { tensors, shares, stream: [] };
    return { tensors: { ...tensors, part: tf.scalar(1 / labelled.length) }, shares, stream: [index] };
  });
}

/** The places of the tasks that have a label in one of these batches. */
export function labelledTasks(parts: readonly Part[]): number[] {
  return parts[0].shares.flatMap((_, task) =>
    parts.some(({ shares }) => shares[task] !== undefined) ? [task] : [],
  );
}

/** The batch again, inside of a program. */
export function batchOf<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  tensors: NamedTensors,
): Batch<H, I> {
  const targets = model.tasks.map(({ name }): [string, Target] => {
    const mask = tensors[`${name}/mask`];
    return [
      name,
      {
        values: tensors[`${name}/values`],
        mask: (mask ?? tensors[`${name}/no-mask`]) as tf.Tensor1D,
        // Whether there is one: the number is in the mask, and differs from batch to batch.
        labelled: mask === undefined ? 0 : 1,
      },
    ];
  });
  return {
    inputs: inputsOf(model, tensors),
    targets: Object.fromEntries(targets) as Batch<H, I>['targets'],
  };
}

/** The places of the tasks that have an input of this kind. */
export function tasksWith<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  kind: 'mask' | 'weight',
  inputs: NamedTensors,
): number[] {
  return model.tasks.flatMap(({ name }, task) => (`${name}/${kind}` in inputs ? [task] : []));
}
