import { aggregators, sum } from '@espalier/losses';
import type { GridTask } from '../../src/grid/run-job.js';
import { smallGrid } from '../small-grid.js';
import type { SideHeads } from '../small-task.js';

/** Sixty networks, each a moment's work: 6 seeds × (2 single tasks + 5 fixed weights + 3 methods). */
export const grid: GridTask<SideHeads> = {
  ...smallGrid,
  weightings: { sum: sum() },
  aggregators: { none: undefined, upGrad: aggregators.upGrad(), mgda: aggregators.mgda() },
  seeds: [1, 2, 3, 4, 5, 6],
};

export const conditions = { name: 'sixty', engine: 'cpu', code: { commit: 'a' } } as const;
