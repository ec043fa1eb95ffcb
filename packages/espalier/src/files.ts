import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf } from '@espalier/core';
import writeFileAtomic from 'write-file-atomic';
import { CommandError } from './errors.js';

/** A folder for a run that nobody has named: `runs/` and the time. */
export function newRunFolder(): string {
  return resolve('runs', new Date().toISOString().slice(0, 19).replaceAll(':', '-'));
}

/** @throws CommandError when the file cannot be written. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  try {
    await mkdir(dirname(resolve(file)), { recursive: true });
    await writeFileAtomic(resolve(file), `${JSON.stringify(value, null, 2)}\n`);
  } catch (cause) {
    throw new CommandError(`${file} cannot be written: ${messageOf(cause)}. Name another place.`, { cause });
  }
}
