/** A command cannot do what it was asked to; `message` says in one line what was found and what to do. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
}

/** The command line itself is wrong. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';
}

/** The experiment's file is missing, or does not hold an experiment. */
export class ExperimentError extends CommandError {
  override readonly name = 'ExperimentError';
}
