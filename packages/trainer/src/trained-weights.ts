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

/** Those that learn in one of the epochs, where layers begin to learn, or cease, after so many. */
export function weightsOverEpochs<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
  unfreeze: (epochsDone: number) => unknown,
  epochs: number,
): TrainedWeight[] {
  const found = new Map<string, TrainedWeight>();
  for (let done = 0; done < epochs; done++) {
    unfreeze(done);
    for (const weight of trainedWeights(model)) found.set(weight.name, weight);
  }
  return [...model.weights.keys()].flatMap((name) => found.get(name) ?? []);
}

/** Whether one of these tasks, those of a batch, moves a weight. */
export function follows({ tasks }: TrainedWeight, present: readonly number[]): boolean {
  return tasks.some((task) => present.includes(task));
}
