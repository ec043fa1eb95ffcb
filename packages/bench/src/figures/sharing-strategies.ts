import type { Sharing } from '@espalier/core';
import { branchedSharing, crossStitch, hardSharing, mmoe, mtan, ple, softSharing } from '@espalier/sharing';
import * as Plot from '@observablehq/plot';
import { correlatedTasks, errorsOf, ratiosToAlone } from './correlated-tasks.js';
import { combinations, type Figure } from './figure.js';
import { colours, legend, scaleOf, svg, timesAlone } from './svg.js';

/** Two tasks that are nearly the same, and a stranger. */
const correlations = { first: 1, friend: 0.95, stranger: 0 };

const names = { first: colours.blue, friend: colours.green, stranger: colours.red };

const strategies: Readonly<Record<string, () => Sharing>> = {
  'hard sharing': hardSharing,
  'branched, friends together': () =>
    branchedSharing({ forks: { first: [['first', 'friend'], ['stranger']] } }),
  'soft sharing': () => softSharing({ penalty: 'squared-distance', weight: 0.01 }),
  'cross-stitch': crossStitch,
  MMoE: () => mmoe({ experts: 3 }),
  PLE: () => ple({ shared: 1, own: 1 }),
  MTAN: mtan,
};

type Cell = { readonly strategy: string; readonly seed: number };
type Row = Cell & {
  /** Each task's error, divided by that alone. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly weights: number;
};

export const sharingStrategies: Figure<Cell, Row> = {
  name: 'sharing-strategies',
  cells: combinations<Cell>({ strategy: Object.keys(strategies), seed: [1, 2, 3, 4, 5] }),

  async measure(cell) {
    const tasks = correlatedTasks(correlations, cell.seed);
    const units = 16;
    const { errors, weights } = await errorsOf(tasks, {
      names: tasks.names,
      sharing: strategies[cell.strategy]!(),
      units,
    });
    return { ...cell, ratios: await ratiosToAlone(tasks, errors, units), weights };
  },

  draw(rows) {
    const points = rows.flatMap(({ strategy, ratios }) =>
      Object.entries(ratios).map(([task, value]) => ({ strategy, task, value })),
    );
    const sizes = Object.keys(strategies).map((strategy) => ({
      strategy,
      size: `${rows.find((row) => row.strategy === strategy)!.weights} weights`,
    }));
    return svg({
      ariaLabel:
        'The errors of two related tasks and a stranger, divided by those alone, in seven ways of sharing',
      marginLeft: 210,
      marginRight: 120,
      x: { ...timesAlone, ticks: [1, 2], labelOffset: 40 },
      y: { label: null, domain: Object.keys(strategies) },
      color: scaleOf(names),
      marks: [
        ...legend(names),
        Plot.ruleX([1], { stroke: colours.ink }),
        Plot.dot(points, { x: 'value', y: 'strategy', stroke: 'task', r: 2, strokeOpacity: 0.45 }),
        Plot.dot(points, {
          ...Plot.groupY({ x: 'median' }, { x: 'value', y: 'strategy', z: 'task', fill: 'task' }),
          r: 5,
        }),
        Plot.text(sizes, { y: 'strategy', text: 'size', frameAnchor: 'right', textAnchor: 'start', dx: 14 }),
      ],
    });
  },
};
