/** Something about the command stands in the way; `message` says what was found and what to do. */
export class CreateError extends Error {
  override readonly name: string = 'CreateError';
}

/** The command line is not one that there is. */
export class UsageError extends CreateError {
  override readonly name = 'UsageError';
}
