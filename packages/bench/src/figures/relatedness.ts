import { hardSharing } from '@espalier/sharing';
import { correlatedTasks, errorsOf, ratiosToAlone } from './correlated-tasks.js';
import { combinations, type Figure } from './figure.js';
import { asAlone, colours, legend, mediansOverSeeds, scaleOf, svg, timesAlone } from './svg.js';

type Cell = { readonly units: number; readonly correlation: number; readonly seed: number };
/** With the error together, divided by that alone: the geometric mean of the two tasks. */
type Row = Cell & { readonly ratio: number };

const correlations = [0, 0.5, 0.8, 1];
const widths: Readonly<Record<number, string>> = { 4: 'trunk of 4 units', 32: 'trunk of 32 units' };

const names = { [widths[4]!]: colours.red, [widths[32]!]: colours.blue };

export const relatedness: Figure<Cell, Row> = {
  name: 'relatedness',
  cells: combinations<Cell>({
    units: Object.keys(widths).map(Number),
    correlation: correlations,
    seed: [1, 2, 3, 4, 5],
  }),

  async measure(cell) {
    const tasks = correlatedTasks({ first: 1, second: cell.correlation }, cell.seed);
    const network = { sharing: hardSharing(), units: cell.units };
    const { errors } = await errorsOf(tasks, { ...network, names: tasks.names });
    const ratios = Object.values(await ratiosToAlone(tasks, errors, cell.units));
    return { ...cell, ratio: ratios.reduce((product, ratio) => product * ratio, 1) ** (1 / ratios.length) };
  },

  draw: (rows) =>
    svg({
      ariaLabel:
        'The error of two tasks together, divided by that alone, by their correlation, in a narrow and in a wide trunk',
      x: { label: 'correlation of the two tasks', labelOffset: 40, ticks: correlations },
      y: timesAlone,
      color: scaleOf(names),
      marks: [
        ...legend(names),
        asAlone,
        ...mediansOverSeeds(rows, {
          x: ({ correlation }) => correlation,
          y: ({ ratio }) => ratio,
          z: ({ units }) => widths[units]!,
        }),
      ],
    }),
};
