import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import type { NamedTensors } from '@espalier/engine';
import * as tf from '@tensorflow/tfjs-core';
import { type Part, tasksWith } from './batch-tensors.js';
import { NonFiniteLossError } from './errors.js';
import type { ByTask } from './update.js';

/**
 * The losses that an entry gives for the batches of a step, as numbers, from one read a batch: means over the labelled
 * examples of all of them.
 *
 * @throws NonFiniteLossError naming the first task whose loss is NaN or infinite.
 */
export function readLosses<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  parts: readonly Part[],
  run: (part: Part) => NamedTensors,
  step: number,
): ByTask {
  const means: (number | undefined)[] = model.tasks.map(() => undefined);
  for (const part of parts) {
    const given = tasksWith(model, 'mask', part.tensors);
    const values = run(part).losses.dataSync<'float32'>();
    for (const [place, task] of given.entries()) {
      const share = part.shares[task];
      if (share === undefined) continue;
      const loss = values[place];
      if (!Number.isFinite(loss)) throw new NonFiniteLossError(model.tasks[task].name, step, loss);
      means[task] = (means[task] ?? 0) + share * loss;
    }
  }
  return means;
}

/** Values of the present tasks, in their places. */
export function spread<H extends Heads, I extends InputKind, Value>(
  model: MultiTaskModel<H, I>,
  present: readonly number[],
  values: ArrayLike<Value>,
): (Value | undefined)[] {
  return model.tasks.map((_, task) => (present.includes(task) ? values[present.indexOf(task)] : undefined));
}

/** A scalar for each of some tasks, as inputs of a program. */
export function taskScalars<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  kind: string,
  numbers: ArrayLike<number>,
  tasks: readonly number[],
): NamedTensors {
  return Object.fromEntries(
    tasks.map((task) => [`${model.tasks[task].name}/${kind}`, tf.scalar(numbers[task])]),
  );
}
