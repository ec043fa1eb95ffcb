import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskMatrix } from '@espalier/sharing';
import { runFolder } from '@espalier/trainer/node';
import writeFileAtomic from 'write-file-atomic';
import { type Finding, type Findings, type Method, measure, STEPS } from './experiment.js';

/** What a run that is resumed goes on with. */
export interface RunOptions {
  readonly engine: string;
  readonly seed: number;
  readonly seeds: number;
}

const optionsFile = (folder: string) => join(folder, 'options.json');

/** Keeps the options with which a run is begun. */
export async function beginRun(folder: string, options: RunOptions): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await writeFileAtomic(optionsFile(folder), `${JSON.stringify(options)}\n`);
}

/** @throws Error when there is no run in the folder. */
export function readRun(folder: string): RunOptions {
  if (existsSync(optionsFile(folder))) return JSON.parse(readFileSync(optionsFile(folder), 'utf8'));
  throw new Error(`--resume is "${folder}", where there is no run to go on with: it has no options.json.`);
}

/**
 * Measures one family, unless the folder says what was found in it: an affinity is a sum over a training, so one that was
 * broken off begins anew. The losses of every step stay in the folder, of the first family's first network in the folder
 * itself.
 */
export async function measureOnce(folder: string, seed: number, first: boolean): Promise<Findings> {
  const own = join(folder, `family-${seed}`);
  const file = join(own, 'findings.json');
  if (existsSync(file)) return read(file);
  const findings = await measure(seed, (network) => {
    const place = first && network === 'zero' ? folder : join(own, network);
    return runFolder(place, { everySteps: STEPS });
  });
  mkdirSync(own, { recursive: true });
  await writeFileAtomic(
    file,
    JSON.stringify(findings, (_, value) => (value instanceof Map ? [...value] : value)),
  );
  return findings;
}

type Saved = Omit<Finding, 'affinity'> & { readonly affinity: [string, [string, number][]][] };

function read(file: string): Findings {
  const saved = JSON.parse(readFileSync(file, 'utf8')) as Record<Method, Saved>;
  const entries = Object.entries(saved).map(([method, { affinity, ...found }]) => {
    const matrix: TaskMatrix = new Map(affinity.map(([task, row]) => [task, new Map(row)]));
    return [method, { ...found, affinity: matrix }];
  });
  return Object.fromEntries(entries);
}
