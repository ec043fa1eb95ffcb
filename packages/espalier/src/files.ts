import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { CommandError } from './errors.js';

/** A folder for a run that nobody has named: `runs/` and the time. */
export function newRunFolder(): string {
  return resolve('runs', new Date().toISOString().slice(0, 19).replaceAll(':', '-'));
}

/** @throws CommandError when the file cannot be written. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  await writing(file, async () => {
    await mkdir(dirname(resolve(file)), { recursive: true });
    await writeFileAtomic(resolve(file), `${JSON.stringify(value, null, 2)}\n`);
  });
}

/**
 * Writes something to a place.
 *
 * @throws CommandError when the system does not let it.
 */
export async function writing<T>(place: string, write: () => Promise<T> | T): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new CommandError(`${place} cannot be written: ${cause.message}. Name another place.`, { cause });
  }
}
