import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Heads, messageOf } from '@espalier/core';
import { AppendedFile } from '../appended-file.js';
import { gradientCosines } from '../conflicts.js';
import { FileError } from '../errors.js';
import type { StepRecord } from '../step-records.js';
import { checkBegun, type Watcher } from '../watcher.js';
import { type Scalar, scalarEvent, versionEvent } from './event-file.js';

/** Over how many milliseconds steps are counted. */
const RATE_WINDOW = 1000;

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
  let tasks: readonly string[] = [];
  let counted = { step: 0, time: performance.now() };

  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new FileError(folder, `cannot be made: ${messageOf(cause)}`, { cause });
  }
  const events = writing(file, () => new AppendedFile(file));
  const append = (event: () => Uint8Array) => writing(file, () => events.append(event));
  const flush = () => writing(file, () => events.flush());
  append(() => versionEvent(seconds));
  flush();

  /** Steps a second, once in a while. */
  const rateAt = (step: number): Scalar[] => {
    const time = performance.now();
    const before = counted;
    if (before.step > 0 && time - before.time <= RATE_WINDOW) return [];
    counted = { step, time };
    if (before.step === 0) return [];
    return [{ tag: 'steps a second', value: ((step - before.step) * 1000) / (time - before.time) }];
  };
  return {
    begin(names) {
      tasks = names;
    },
    step(record) {
      checkBegun(tasks);
      const [seconds, rate] = [Date.now() / 1000, rateAt(record.step)];
      append(() => eventOf(seconds, record.step, [...scalarsOf(record, tasks), ...rate]));
    },
    metrics(step, values) {
      const seconds = Date.now() / 1000;
      const scalars = Object.entries(values).flatMap(([task, own]) => byTask(`metric/${task}`, own));
      append(() => eventOf(seconds, step, scalars));
    },
    end: flush,
  };
}

function eventOf(seconds: number, step: number, scalars: readonly Scalar[]): Uint8Array {
  return scalars.length > 0 ? scalarEvent(seconds, step, scalars) : new Uint8Array();
}

function scalarsOf<H extends Heads>(
  { losses, weights, gramian }: StepRecord<H>,
  tasks: readonly string[],
): Scalar[] {
  return [
    ...byTask('loss', losses),
    ...byTask('weight', weights),
    ...(gramian === undefined ? [] : cosineScalars(gramian, tasks)),
  ];
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

function writing<T>(file: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw new FileError(file, `cannot be written: ${messageOf(cause)}`, { cause });
  }
}
