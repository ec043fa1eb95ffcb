/** Training, evaluating or saving cannot go on; `message` says where, what was found and what to do. */
export class TrainerError extends Error {
  override readonly name: string = 'TrainerError';
}

/** A loss became NaN or infinite. The weights are those of before the step; the last checkpoint is untouched. */
export class NonFiniteLossError extends TrainerError {
  override readonly name = 'NonFiniteLossError';

  constructor(
    readonly task: string,
    /** Counted from 1. */
    readonly step: number,
    readonly loss: number,
  ) {
    super(
      `Task "${task}": its loss is ${loss} at step ${step}. Training has stopped before this step's update; ` +
        'lower the learning rate, or look for targets that make the loss infinite.',
    );
  }
}

/** A file does not hold what it should. */
export class FileError extends TrainerError {
  override readonly name = 'FileError';

  constructor(
    readonly file: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${problem}`, options);
  }
}
