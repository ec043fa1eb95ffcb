import type { Heads } from '@espalier/core';
import type { JudgedTask } from '../delta.js';
import type { GridTask } from './run-job.js';

/** What has to be the same for results to stand in one table, as far as it can be told. */
export function describeGrid<H extends Heads>(
  { heads, epochs, batchSize, train, validation, test }: GridTask<H>,
  tasks: readonly JudgedTask[],
) {
  return {
    tasks: tasks.map(({ name, metrics }) => ({
      name,
      head: heads[name].kind,
      metrics: metrics.map(({ name, better }) => ({ name, better })),
    })),
    epochs,
    batchSize,
    examples: { train: train.length, validation: validation.length, test: test.length },
  };
}
