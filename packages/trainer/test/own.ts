import { onTestFinished } from 'vitest';

/** Something that a test makes and that is disposed of when the test has finished. */
export function own<T extends { dispose(): void }>(thing: T): T {
  onTestFinished(() => thing.dispose());
  return thing;
}
