import type { Batch, Heads, InputKind, MultiTaskModel } from '@espalier/core';
import { markdownTable } from '../reports/markdown-table.js';
import { gradientCosines } from './gradient-cosines.js';

/** How two tasks' gradients met in one stage while a model trained. */
export interface Interference {
  readonly stage: string;
  readonly tasks: readonly [string, string];
  /** The cosine in every batch in which both tasks had a label, in the order of the training. */
  readonly cosines: readonly number[];
  /** The share of these batches in which the gradients conflicted, that is, had a negative cosine. */
  readonly conflicts: number;
  readonly meanCosine: number;
}

export interface InterferenceMonitor<H extends Heads, I extends InputKind = 'common'> {
  /** Measures one batch of the training; the model and the batch stay as they are. */
  observe(batch: Batch<H, I>): Promise<void>;
  /** Every pair of tasks in every stage in which they share weights, the most frequent conflicts first. */
  report(): readonly Interference[];
  /** The report as a table to print, with the mean cosine of the first, the second and the last third of the batches. */
  table(): string;
}

/** Watches how often, between whom and in which stage the tasks' gradients conflict while a model trains. */
export function interferenceMonitor<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
): InterferenceMonitor<H, I> {
  const seen = new Map<string, { stage: string; tasks: readonly [string, string]; cosines: number[] }>();
  const report = () =>
    [...seen.values()]
      .map(({ stage, tasks, cosines }) => ({
        stage,
        tasks,
        cosines,
        conflicts: cosines.filter((cosine) => cosine < 0).length / cosines.length,
        meanCosine: mean(cosines),
      }))
      .sort((a, b) => b.conflicts - a.conflicts || a.meanCosine - b.meanCosine);
  return {
    async observe(batch) {
      for (const { stage, tasks, cosine } of await gradientCosines(model, batch)) {
        const key = JSON.stringify([stage, ...tasks]);
        const entry = seen.get(key) ?? { stage, tasks, cosines: [] };
        entry.cosines.push(cosine);
        seen.set(key, entry);
      }
    },
    report,
    table: () =>
      markdownTable(
        ['stage', 'tasks', 'batches', 'conflicts', 'mean cosine', 'first third', 'second', 'last'],
        report().map(({ stage, tasks, cosines, conflicts, meanCosine }) => [
          stage,
          tasks.join(' × '),
          String(cosines.length),
          `${(100 * conflicts).toFixed(0)} %`,
          meanCosine.toFixed(2),
          ...thirds(cosines).map((third) => (third.length === 0 ? '' : mean(third).toFixed(2))),
        ]),
      ),
  };
}

function thirds(values: readonly number[]): number[][] {
  const ends = [0, 1, 2, 3].map((third) => Math.round((third * values.length) / 3));
  return [0, 1, 2].map((third) => values.slice(ends[third], ends[third + 1]));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
