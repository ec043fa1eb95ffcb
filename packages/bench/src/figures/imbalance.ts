import { geometricMean, imtlG, sum, uncertaintyRevised } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { correlatedTasks, errorsOf, ratiosToAlone } from './correlated-tasks.js';
import { combinations, type Figure } from './figure.js';
import { asAlone, colours, legend, mediansOverSeeds, scaleOf, svg, timesAlone } from './svg.js';

const methods = {
  sum: () => ({ weighting: sum() }),
  'uncertainty weighting': () => ({ weighting: uncertaintyRevised() }),
  'geometric mean': () => ({ weighting: geometricMean() }),
  'IMTL-G': () => ({ aggregator: imtlG() }),
};

const names = {
  sum: colours.red,
  'uncertainty weighting': colours.blue,
  'geometric mean': colours.green,
  'IMTL-G': colours.ochre,
};

type Cell = { readonly method: keyof typeof methods; readonly scale: number; readonly seed: number };
/** With the first task's error, divided by that alone. */
type Row = Cell & { readonly ratio: number };

export const imbalance: Figure<Cell, Row> = {
  name: 'imbalance',
  cells: combinations<Cell>({
    method: Object.keys(methods) as (keyof typeof methods)[],
    scale: [1, 10, 100],
    seed: [1, 2, 3],
  }),

  async measure(cell) {
    const tasks = correlatedTasks({ first: 1, second: 0.8 }, cell.seed);
    const network = { sharing: hardSharing(), units: 16 };
    const { errors } = await errorsOf(
      tasks,
      { ...network, names: tasks.names },
      { ...methods[cell.method](), scales: { second: cell.scale } },
    );
    const { first } = await ratiosToAlone(tasks, { first: errors.first! }, network.units);
    return { ...cell, ratio: first! };
  },

  draw: (rows) =>
    svg({
      ariaLabel: 'What a task loses when the other one’s loss grows, for the sum and for three other methods',
      x: {
        type: 'log',
        label: 'the other task’s loss, times',
        labelOffset: 40,
        ticks: [1, 10, 100],
        tickFormat: 'd',
      },
      y: timesAlone,
      color: scaleOf(names),
      marks: [
        ...legend(names),
        asAlone,
        ...mediansOverSeeds(rows, {
          x: ({ scale }) => scale,
          y: ({ ratio }) => ratio,
          z: ({ method }) => method,
        }),
      ],
    }),
};
