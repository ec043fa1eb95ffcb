import type { Heads } from '@espalier/core';
import { type JudgedTask, judgedTasks } from '../delta.js';
import type { GridTask } from './run-job.js';

/** The tasks of a grid before any of its networks is composed: see `judgedTasks`. */
export function gridTasks<H extends Heads>({ heads }: Pick<GridTask<H>, 'heads'>): readonly JudgedTask[] {
  const names = Object.keys(heads) as Extract<keyof H, string>[];
  return judgedTasks({ tasks: names.map((name) => ({ name, head: heads[name] })) });
}

/** What has to be the same for results to stand in one table, as far as it can be told. */
export function describeGrid<H extends Heads>(grid: GridTask<H>) {
  const { heads, epochs, batchSize, train, validation, test } = grid;
  return {
    tasks: gridTasks(grid).map(({ name, metrics }) => ({
      name,
      head: heads[name].kind,
      metrics: metrics.map(({ name, better }) => ({ name, better })),
    })),
    epochs,
    batchSize,
    examples: { train: train.length, validation: validation.length, test: test.length },
  };
}
