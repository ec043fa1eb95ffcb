import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@espalier/core';
import type { EngineName } from '@espalier/engine';
import { CommandError, UsageError } from './errors.js';
import { writeJson } from './files.js';

/** With what a training was begun: its folder keeps it, so that `--resume` needs nothing else. */
export interface BegunRun {
  /** The experiment's file, and its name. */
  readonly file: string;
  readonly experiment: string;
  readonly engine: EngineName;
  readonly epochs: number;
  readonly seed: number;
}

const fileIn = (folder: string) => join(folder, 'options.json');

/** @throws UsageError when the folder holds a run already. */
export async function keepBegunRun(folder: string, run: BegunRun): Promise<void> {
  if (existsSync(fileIn(folder))) {
    throw new UsageError(
      `${folder} holds a run already. Go on with --resume ${folder}, or name another one with --out.`,
    );
  }
  await writeJson(fileIn(folder), run);
}

/** @throws UsageError when there is no run in the folder. */
export function readBegunRun(folder: string): BegunRun {
  const run = findBegunRun(folder);
  if (run !== undefined) return run;
  const isFile = existsSync(folder) && statSync(folder).isFile();
  throw new UsageError(
    isFile
      ? `--resume ${folder}: that is a file; expected the folder of a run.`
      : `--resume ${folder}: there is no run to go on with. Begin one with --out ${folder}`,
  );
}

/**
 * The run in a folder; undefined where there is none.
 *
 * @throws CommandError when its options cannot be read.
 */
export function findBegunRun(folder: string): BegunRun | undefined {
  const file = fileIn(folder);
  if (!existsSync(file)) return undefined;
  try {
    const run: Partial<BegunRun> | null = JSON.parse(readFileSync(file, 'utf8'));
    // Examples keep options of their own under this name.
    return typeof run?.file === 'string' ? (run as BegunRun) : undefined;
  } catch (cause) {
    throw new CommandError(
      `${file} cannot be read: ${messageOf(cause)}. Begin the run anew, in another folder.`,
      { cause },
    );
  }
}
