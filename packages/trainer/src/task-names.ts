import { TrainerError } from './errors.js';

/** @throws TrainerError naming the first that is no task of the model. */
export function checkTaskNames(names: readonly string[], tasks: readonly string[], where: string): void {
  const unknown = names.find((name) => !tasks.includes(name));
  if (unknown === undefined) return;
  throw new TrainerError(
    `${where} names the task "${unknown}", which the model lacks; its tasks are ${tasks.join(', ')}.`,
  );
}
