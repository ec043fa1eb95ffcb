import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Heads, messageOf } from '@espalier/core';
import { gradientCosines } from '../conflicts.js';
import { FileError } from '../errors.js';
import { checkBegun, type Watcher } from '../watcher.js';
import { type Scalar, scalarEvent, versionEvent } from './event-file.js';

/** How long events may wait for being written, in milliseconds. */
const PATIENCE = 1000;

/** Tells apart the files that one process begins in one second. */
let files = 0;

/**
 * Writes event files that TensorBoard reads (`tensorboard --logdir FOLDER`): losses, loss weights and metrics of every
 * task, the cosines between the tasks' gradients where the combination looks at these, and steps a second. Every folder
 * is a run; a training that goes on in a folder goes on in its curves.
 *
 * @throws FileError when the file cannot be written; `step`, `metrics` and `end` throw it too.
 */
export function tensorBoard<H extends Heads>(folder: string): Watcher<H> {
  const seconds = Math.floor(Date.now() / 1000);
  const file = join(folder, `events.out.tfevents.${seconds}.espalier.${process.pid}.${files++}`);
  let waiting: Uint8Array[] = [versionEvent(seconds)];
  let flushed = performance.now();
  let tasks: readonly string[] = [];
  let counted = { step: 0, time: flushed };

  const flush = () => {
    flushed = performance.now();
    write(file, Buffer.concat(waiting));
    waiting = [];
  };
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new FileError(folder, `cannot be made: ${messageOf(cause)}`, {
      cause,
    });
  }
  flush();

  const add = (step: number, scalars: readonly Scalar[]) => {
    if (scalars.length > 0) waiting.push(scalarEvent(Date.now() / 1000, step, scalars));
    if (performance.now() - flushed > PATIENCE) flush();
  };
  return {
    begin(names) {
      tasks = names;
    },
    step({ step, losses, weights, gramian }) {
      checkBegun(tasks);
      const scalars = [...byTask('loss', losses), ...byTask('weight', weights)];
      if (gramian !== undefined) scalars.push(...cosineScalars(gramian, tasks));
      const time = performance.now();
      if (counted.step === 0) counted = { step, time };
      else if (time - counted.time > PATIENCE) {
        scalars.push({
          tag: 'steps a second',
          value: ((step - counted.step) * 1000) / (time - counted.time),
        });
        counted = { step, time };
      }
      add(step, scalars);
    },
    metrics(step, values) {
      add(
        step,
        Object.entries(values).flatMap(([task, own]) => byTask(`metric/${task}`, own)),
      );
    },
    end: flush,
  };
}

function byTask(group: string, values: Readonly<Record<string, number | undefined>>): Scalar[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [{ tag: `${group}/${name}`, value }],
  );
}

function cosineScalars(gramian: Parameters<typeof gradientCosines>[0], tasks: readonly string[]): Scalar[] {
  return gradientCosines(gramian).flatMap((row, first) =>
    row.flatMap((value, second) =>
      value === null || second <= first
        ? []
        : [{ tag: `gradient cosine/${tasks[first]} ${tasks[second]}`, value }],
    ),
  );
}

function write(file: string, bytes: Uint8Array): void {
  try {
    appendFileSync(file, bytes);
  } catch (cause) {
    throw new FileError(file, `cannot be written: ${messageOf(cause)}`, {
      cause,
    });
  }
}
