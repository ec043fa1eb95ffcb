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
  const inputs: tf.Tensor | Readonly<Record<string, tf.Tensor>> = batch.inputs;
  const tensors: Record<string, tf.Tensor> = inputs instanceof tf.Tensor ? { inputs } : {};
  for (const { name } of model.tasks) {
    if (!(inputs instanceof tf.Tensor)) tensors[`${name}/inputs`] = inputs[name];
    const { values, mask, labelled } = batch.targets[name];
    tensors[`${name}/values`] = values;
    tensors[`${name}/${labelled > 0 ? 'mask' : 'no-mask'}`] = mask;
  }
  return tensors;
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
  const ofTasks = () => Object.fromEntries(model.tasks.map(({ name }) => [name, tensors[`${name}/inputs`]]));
  return {
    inputs: (tensors.inputs ?? ofTasks()) as PerInput<H, I, tf.Tensor>,
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
