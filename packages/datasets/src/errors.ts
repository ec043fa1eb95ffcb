/** A data set cannot be read or made; `message` says what was found, what was expected and what to do. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
}

/** What was thrown, in words. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
