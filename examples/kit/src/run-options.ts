import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@espalier/core';
import writeFileAtomic from 'write-file-atomic';
import { type RunOptions, UsageError } from './options.js';

const fileOf = (folder: string) => join(folder, 'options.json');

/** Keeps the options with which a run is begun, so that `--resume` needs no other. */
export async function keepOptions(folder: string, app: string, options: RunOptions): Promise<void> {
  const { engine, epochs, seeds, quick, set, equalSize, vectors } = options;
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(
    fileOf(folder),
    `${JSON.stringify({ app, engine, epochs, seeds, quick, set, equalSize, vectors })}\n`,
  );
}

/** @throws UsageError when there is no run of this example in the folder. */
export function readOptions(folder: string, app: string): RunOptions {
  let saved: RunOptions & { readonly app: string };
  try {
    saved = JSON.parse(readFileSync(fileOf(folder), 'utf8'));
  } catch (cause) {
    throw new UsageError(
      `--resume is "${folder}", where there is no run to go on with: ${messageOf(cause)}`,
      { cause },
    );
  }
  const { app: begun, set, vectors, ...options } = saved;
  if (begun === app) return { ...options, set, vectors };
  throw new UsageError(`--resume is "${folder}", which holds a run of the example ${begun}, not of ${app}.`);
}
