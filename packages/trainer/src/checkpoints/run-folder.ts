import { readFileSync, truncateSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@espalier/core';
import { AppendedFile } from '../appended-file.js';
import { FileError, TrainerError } from '../errors.js';
import { saveWeights } from '../save.js';
import type { Checkpoint, LossLine, RunStore } from './checkpoint.js';
import { readCheckpoint, writeCheckpoint } from './checkpoint-file.js';
import { flushToDisk } from './flush-to-disk.js';
import { lockRun } from './run-lock.js';

export interface RunFolderOptions {
  /** Goes on from the last whole checkpoint in the folder. Without it, a folder with a run in it is refused. */
  readonly resume?: boolean;
  /** After how many steps to save; at the end of every epoch unless given. */
  readonly everySteps?: number | undefined;
  /** How many of the last checkpoints stay (2): the more, the more may be damaged. */
  readonly keep?: number;
  /** Told, in a sentence, of what is not as it was asked for; `console.warn` unless given. */
  readonly notice?: (sentence: string) => void;
}

const CHECKPOINT = /^step-(\d+)\.safetensors$/;

/**
 * A folder for a training: `step-N.safetensors` after N steps, `best.safetensors` with the weights that were best on
 * validation, and `metrics.jsonl` with a line `{ step, losses }` for every step, a second after it at most. Whatever
 * happens to the process, there is a whole checkpoint in it from the first one on, and the line of every step up to it.
 * One process trains in it at a time: `run.lock` says which.
 *
 * @throws TrainerError when `keep` or `everySteps` is no whole number from 1.
 */
export function runFolder(folder: string, options: RunFolderOptions = {}): RunStore {
  const { resume = false, everySteps, keep = 2, notice = console.warn } = options;
  for (const [name, count] of Object.entries({ keep, everySteps: everySteps ?? 1 })) {
    if (!Number.isInteger(count) || count < 1) {
      throw new TrainerError(`runFolder: ${name} is ${count}; expected a whole number from 1.`);
    }
  }
  const fileOf = (step: number) => join(folder, `step-${step}.safetensors`);
  const metrics = join(folder, 'metrics.jsonl');
  let log: AppendedFile | undefined;
  let unlock: (() => void) | undefined;

  return {
    everySteps,

    async open() {
      const names = resume ? await list(folder) : await prepare(folder);
      unlock = writing(folder, () => lockRun(folder));
      const found = resume ? await lastWhole(folder, stepsOf(names), notice) : undefined;
      for (const name of names) if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
      log = writing(metrics, () => new AppendedFile(metrics));
      const lines = writing(metrics, () => keepLines(metrics, found?.step ?? 0));
      if (found === undefined) {
        if (resume) notice(`${folder}: there is no checkpoint yet, so training begins at the first step.`);
        return undefined;
      }
      if (lines.length < found.step) {
        notice(
          `${metrics}: ${found.step - lines.length} of ${found.step} steps are missing; training goes on without them.`,
        );
      }
      return { checkpoint: found, lines };
    },

    record(line) {
      writing(metrics, () => log!.append(() => Buffer.from(`${JSON.stringify(line)}\n`)));
    },

    async save(checkpoint) {
      writing(metrics, () => log!.flush());
      await flushToDisk(metrics, 'r+').catch((cause: unknown) => {
        throw notWritten(metrics, cause);
      });
      await writeCheckpoint(fileOf(checkpoint.step), checkpoint);
      const older = stepsOf(await list(folder)).filter((step) => step <= checkpoint.step);
      for (const step of older.slice(keep)) await rm(fileOf(step), { force: true });
    },

    saveBest: (weights) => saveWeights(weights, join(folder, 'best.safetensors')),

    close() {
      try {
        log?.flush();
      } catch {
        // These lines are of steps after the last checkpoint: whoever resumes writes them again.
      }
      log = undefined;
      unlock?.();
      unlock = undefined;
    },
  };
}

/** @throws FileError when there is no folder to resume from. */
async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new FileError(folder, `there is no run to resume: ${messageOf(cause)}`, { cause });
  }
}

/** @throws FileError when the folder cannot be made, or holds a run. */
async function prepare(folder: string): Promise<string[]> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new FileError(folder, `the folder cannot be made: ${messageOf(cause)}`, { cause });
  }
  const names = await list(folder);
  const held = names.find((name) => CHECKPOINT.test(name) || name === 'metrics.jsonl');
  if (held === undefined) return names;
  throw new FileError(folder, `holds a run already (${held}). Resume it, or give another folder.`);
}

/** The steps of the checkpoints, the last first. */
function stepsOf(names: readonly string[]): number[] {
  const steps = names.flatMap((name) => CHECKPOINT.exec(name)?.[1] ?? []);
  return steps.map(Number).sort((a, b) => b - a);
}

async function lastWhole(
  folder: string,
  steps: readonly number[],
  notice: (sentence: string) => void,
): Promise<Checkpoint | undefined> {
  for (const [index, step] of steps.entries()) {
    try {
      return await readCheckpoint(join(folder, `step-${step}.safetensors`));
    } catch (error) {
      const before = steps[index + 1];
      if (before === undefined) throw error;
      notice(`${messageOf(error)} The checkpoint before it, of step ${before}, is used instead.`);
    }
  }
  return undefined;
}

/** Cuts the file after the line of a step; what a killed process left half-written is behind it. */
function keepLines(file: string, lastStep: number): LossLine[] {
  const lines: LossLine[] = [];
  let size = 0;
  for (const text of readFileSync(file, 'utf8').split(/(?<=\n)/)) {
    const line = lastStep > lines.length ? parse(text) : undefined;
    if (line === undefined || line.step > lastStep) break;
    lines.push(line);
    size += Buffer.byteLength(text);
  }
  truncateSync(file, size);
  return lines;
}

function parse(text: string): LossLine | undefined {
  try {
    return text.endsWith('\n') ? (JSON.parse(text) as LossLine) : undefined;
  } catch {
    return undefined;
  }
}

function writing<T>(file: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw cause instanceof FileError ? cause : notWritten(file, cause);
  }
}

function notWritten(file: string, cause: unknown): FileError {
  return new FileError(
    file,
    `cannot be written: ${messageOf(cause)}. The last checkpoint is untouched; make room or allow writing, and resume ` +
      'from it.',
    { cause },
  );
}
