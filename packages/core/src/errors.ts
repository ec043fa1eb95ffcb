/** What every error of espalier's model code is; `message` says what was found, what was expected and what to do. */
export class EspalierError extends Error {
  override readonly name: string = 'EspalierError';
}

/** Something is wrong with one task: its name, its labels, its target or its mask. */
export class TaskError extends EspalierError {
  override readonly name = 'TaskError';

  constructor(
    readonly task: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`Task "${task}": ${problem}`, options);
  }
}

/** A stage of a trunk cannot do what the trunk asks of it. */
export class StageError extends EspalierError {
  override readonly name = 'StageError';

  constructor(
    readonly stage: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`Stage "${stage}": ${problem}`, options);
  }
}

/** The inputs of a batch are not what the model takes. */
export class InputError extends EspalierError {
  override readonly name = 'InputError';
}

/** Saved weights do not belong to the model that they are loaded into. */
export class WeightsError extends EspalierError {
  override readonly name = 'WeightsError';
}

/** What anything that was thrown says. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
