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

/** Training was asked to stop. Where it has a run folder, everything is saved. */
export class InterruptedError extends TrainerError {
  override readonly name = 'InterruptedError';

  constructor(
    /** The last step that was done. */
    readonly step: number,
    saved: boolean,
  ) {
    super(
      `Training was interrupted after step ${step}. ${saved ? 'It is saved, and can be resumed.' : 'It was not saved: there is no run folder.'}`,
    );
  }
}

/** A grid was asked to stop. What came of the networks that were done is in its folder. */
export class GridInterruptedError extends TrainerError {
  override readonly name = 'GridInterruptedError';

  constructor(
    readonly done: number,
    readonly of: number,
  ) {
    super(
      `The grid was interrupted after ${done} of ${of} networks, which are kept: started again, it goes on.`,
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
