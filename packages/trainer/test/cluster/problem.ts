import type { MultiTaskModel } from '@espalier/core';
import type { DataOf } from '@espalier/trainer';
import { composeOf, points, regularizedDense, type SideHeads } from '../small-task.js';

/** What chief and workers have in common. A third of the examples has no distance, and so may a whole part of a batch. */
export const data: DataOf<SideHeads> = points(60, 1, (index) => index % 3 > 0);

export function compose(): MultiTaskModel<SideHeads> {
  return composeOf(() => [regularizedDense(16, 0.01)]);
}
