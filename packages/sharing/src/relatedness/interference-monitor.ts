import type { Batch, Heads, MultiTaskModel } from '@espalier/core';
import { gradientCosines } from './gradient-cosines.js';

/** How two tasks' gradients met in one layer. */
export interface Interference {
  readonly layer: string;
  readonly tasks: readonly [string, string];
  /** In how many batches both tasks had a gradient there. */
  readonly observed: number;
  /** The share of these batches in which the gradients conflicted, that is, had a negative cosine. */
  readonly conflicts: number;
  readonly meanCosine: number;
}

export interface InterferenceMonitor<H extends Heads> {
  /** Measures one batch of the training; the model and the batch stay as they are. */
  observe(batch: Batch<H>): Promise<void>;
  /** Every pair of tasks in every layer that they share, the most frequent conflicts first. */
  report(): readonly Interference[];
  /** The report as a table to print. */
  table(): string;
}

/** Watches how often, between whom and in which layer the tasks' gradients conflict while a model trains. */
export function interferenceMonitor<H extends Heads>(model: MultiTaskModel<H>): InterferenceMonitor<H> {
  const seen = new Map<string, { layer: string; tasks: [string, string]; cosines: number[] }>();
  const report = () =>
    [...seen.values()]
      .map(({ layer, tasks, cosines }) => ({
        layer,
        tasks,
        observed: cosines.length,
        conflicts: cosines.filter((cosine) => cosine < 0).length / cosines.length,
        meanCosine: cosines.reduce((sum, cosine) => sum + cosine) / cosines.length,
      }))
      .sort((a, b) => b.conflicts - a.conflicts || a.meanCosine - b.meanCosine);
  return {
    async observe(batch) {
      for (const [layer, matrix] of await gradientCosines(model, batch)) {
        const tasks = [...matrix.keys()];
        for (const [index, first] of tasks.entries()) {
          for (const second of tasks.slice(index + 1)) {
            const key = JSON.stringify([layer, first, second]);
            const entry = seen.get(key) ?? { layer, tasks: [first, second], cosines: [] };
            entry.cosines.push(matrix.get(first)!.get(second)!);
            seen.set(key, entry);
          }
        }
      }
    },
    report,
    table: () =>
      [
        'layer | tasks | batches | conflicts | mean cosine',
        '--- | --- | ---: | ---: | ---:',
        ...report().map(
          ({ layer, tasks, observed, conflicts, meanCosine }) =>
            `${layer} | ${tasks.join(' × ')} | ${observed} | ${(100 * conflicts).toFixed(0)} % | ${meanCosine.toFixed(2)}`,
        ),
      ].join('\n'),
  };
}
