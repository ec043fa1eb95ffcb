import { createHash } from 'node:crypto';
import type { Heads } from '@espalier/core';
import type { EngineName } from '@espalier/engine';
import type { Data } from '../../data.js';
import { describeGrid } from '../describe-grid.js';
import type { GridJob } from '../jobs.js';
import type { GridTask } from '../run-job.js';

/** What has to be the same wherever networks of one grid are trained: a text for each part, by its name. */
export type Fingerprint = Readonly<Record<string, string>>;

/** What the process that gives out the work and those that do it say alike. */
export interface SharedConditions {
  /** The engine that all networks are trained on. */
  readonly engine: EngineName;
  /** What stands for the code, such as `{ commit: '1c5cdce' }`, or a checksum for each file. */
  readonly code: Fingerprint;
}

/** How many examples of each part of the data are looked at. */
const SAMPLED = 16;

export function fingerprintOf<H extends Heads>(
  grid: GridTask<H>,
  { engine, code }: SharedConditions,
): Fingerprint {
  const { tasks, epochs, batchSize } = describeGrid(grid);
  return {
    ...code,
    engine,
    tasks: JSON.stringify(tasks),
    epochs: `${epochs}`,
    'batch size': `${batchSize}`,
    sharings: Object.keys(grid.sharings).join(', '),
    weightings: Object.keys(grid.weightings).join(', '),
    aggregators: Object.keys(grid.aggregators).join(', '),
    'examples to train on': dataPrint(grid.train),
    'examples to validate on': dataPrint(grid.validation),
    'examples to test on': dataPrint(grid.test),
  };
}

/** The network of a grid by all that decides what comes of it: whoever names it so means the same result. */
export function jobIdOf(fingerprint: Fingerprint, job: GridJob): string {
  return checksum(JSON.stringify([Object.entries(fingerprint).sort(), job]));
}

/** What differs, a phrase for each part; empty where nothing does. */
export function differences(theirs: Fingerprint, own: Fingerprint): string[] {
  const parts = new Set([...Object.keys(theirs), ...Object.keys(own)]);
  return [...parts]
    .filter((part) => theirs[part] !== own[part])
    .map((part) => `${part} (${theirs[part] ?? 'none'} there, ${own[part] ?? 'none'} here)`);
}

function dataPrint(data: Data<unknown>): string {
  const count = Math.min(SAMPLED, data.length);
  const places = Array.from({ length: count }, (_, index) =>
    Math.floor((index * (data.length - 1)) / Math.max(1, count - 1)),
  );
  const examples = places.map((place) => [data.id?.(place), data.at(place)]);
  return `${data.length} examples, ${checksum(JSON.stringify(examples, withoutTypedArrays)).slice(0, 12)}`;
}

function withoutTypedArrays(_: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value;
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
