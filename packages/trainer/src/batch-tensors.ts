import type { Batch, Heads, MultiTaskModel, Target } from '@espalier/core';
import type { NamedTensors } from '@espalier/engine';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * A batch as the inputs of a program. Their names tell which tasks have labels in it, so that a batch with labels of
 * other tasks is another trace.
 */
export function batchTensors<H extends Heads>(model: MultiTaskModel<H>, batch: Batch<H>): NamedTensors {
  const tensors: Record<string, tf.Tensor> = { inputs: batch.inputs };
  for (const { name } of model.tasks) {
    const { values, mask, labelled } = batch.targets[name];
    tensors[`${name}/values`] = values;
    tensors[`${name}/${labelled > 0 ? 'mask' : 'no-mask'}`] = mask;
  }
  return tensors;
}

/** The batch again, inside of a program. */
export function batchOf<H extends Heads>(model: MultiTaskModel<H>, tensors: NamedTensors): Batch<H> {
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
  return { inputs: tensors.inputs, targets: Object.fromEntries(targets) as Batch<H>['targets'] };
}

/** The places of the tasks that have an input of this kind. */
export function tasksWith<H extends Heads>(
  model: MultiTaskModel<H>,
  kind: 'mask' | 'weight',
  inputs: NamedTensors,
): number[] {
  return model.tasks.flatMap(({ name }, task) => (`${name}/${kind}` in inputs ? [task] : []));
}
