import type { Comparison } from '@espalier/trainer';

/** What an example found out that compares a network with single tasks. */
export type Figures = Pick<Comparison<never>, 'tasks' | 'deltas' | 'ofEqualSize' | 'runs'>;

/** What an example found out that trains networks side by side. */
export type Runs = Pick<Figures, 'runs'>;
