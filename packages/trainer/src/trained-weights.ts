import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import type * as tf from '@tensorflow/tfjs-core';

/** A weight that training changes. */
export interface TrainedWeight {
  readonly name: string;
  readonly variable: tf.Variable;
  /** The places of the tasks whose outputs depend on it. */
  readonly tasks: readonly number[];
}

export function trainedWeights<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
): TrainedWeight[] {
  const trainable = new Set(model.variables);
  const reached = model.tasks.map(({ name }) => new Set(model.variablesOf(name)));
  return [...model.weights].flatMap(([name, variable]) => {
    if (!trainable.has(variable)) return [];
    return [{ name, variable, tasks: reached.flatMap((own, task) => (own.has(variable) ? [task] : [])) }];
  });
}

/** Whether one of these tasks, those of a batch, moves a weight. */
export function follows({ tasks }: TrainedWeight, present: readonly number[]): boolean {
  return tasks.some((task) => present.includes(task));
}
