import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { EngineName } from '@espalier/engine';
import type { Deltas, MetricValues } from '@espalier/trainer';
import writeFileAtomic from 'write-file-atomic';
import type { Figures, Runs } from './figures.js';

interface RunSummary {
  /** On which machine, so to say. */
  readonly engine: EngineName;
  readonly seed: number;
  /** From the beginning of its data to the end of its report. */
  readonly seconds: number;
}

interface TaskFigures {
  readonly metric: string;
  readonly single: number;
  readonly multi: number;
}

/** What a run found out, as it stands in a file. */
export interface SeedFigures extends RunSummary {
  /** Where the example compares with single tasks: each by its first metric. */
  readonly tasks?: Readonly<Record<string, TaskFigures>>;
  readonly deltaM?: number | undefined;
  readonly deltas?: Deltas;
  readonly ofEqualSize?: Figures['ofEqualSize'];
  readonly runs: Readonly<
    Record<string, { parameters: number; steps: number; seconds: number; evaluation: MetricValues }>
  >;
}

export function seedFigures(found: Figures | Runs, summary: RunSummary): SeedFigures {
  const runs = found.runs.map(({ name, parameters, steps, seconds, evaluation }) => [
    name,
    { parameters, steps: steps.length, seconds, evaluation },
  ]);
  return { ...summary, ...('tasks' in found && compared(found)), runs: Object.fromEntries(runs) };
}

function compared({ tasks, deltas, ofEqualSize }: Figures) {
  const byTask = tasks.map(({ task, metric, single, multi }) => [task, { metric, single, multi }]);
  return {
    tasks: Object.fromEntries(byTask),
    deltaM: deltas.mainMetrics,
    deltas,
    ...(ofEqualSize !== undefined && { ofEqualSize }),
  };
}

/** Writes what was found as JSON, in a folder that may be missing. */
export async function writeFigures(file: string, figures: object): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, `${JSON.stringify(figures, null, 2)}\n`);
}

/** What a run of a seed found, if it has come to its end. */
export async function readFigures(file: string): Promise<SeedFigures | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
