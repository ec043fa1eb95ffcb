import { evaluate } from '@espalier/trainer';
import { combinations, type Figure } from './figure.js';
import {
  type Company,
  companyColours,
  type DigitTask,
  fewLabels,
  measuredDigits,
} from './labelled-digits.js';
import { legend, mediansOverSeeds, scaleOf, svg } from './svg.js';
import { train } from './train.js';

type Cell = {
  readonly task: DigitTask;
  readonly labels: number;
  readonly company: Company;
  readonly seed: number;
};
/** With the share of the test digits that the task is right about. */
type Row = Cell & { readonly accuracy: number };

const labels = [20, 50, 100, 300, 1000];

export const dataEfficiency: Figure<Cell, Row> = {
  name: 'data-efficiency',
  cells: combinations<Cell>({
    task: ['even', 'digit'],
    labels,
    company: ['alone', 'together'],
    seed: [1, 2, 3],
  }),

  async measure(cell) {
    const { model, draw } = await fewLabels(cell.task, cell);
    try {
      await train(model, { updates: 250, learningRate: 1e-3, draw, seed: cell.seed });
      const test = await measuredDigits('test');
      const found = await evaluate(model, { length: test.length, at: (i) => test[i]! }, { batchSize: 500 });
      return { ...cell, accuracy: found[cell.task].accuracy! };
    } finally {
      model.dispose();
    }
  },

  draw: (rows) =>
    svg({
      ariaLabel: 'Accuracy by the number of labels, alone and together with another task',
      x: { type: 'log', label: 'labels of the task', labelOffset: 40, ticks: labels, tickFormat: 'd' },
      y: { label: 'right about test digits, %', percent: true, grid: true },
      color: scaleOf(companyColours),
      marks: [
        ...legend(companyColours, { fx: 'is it even?' }),
        ...mediansOverSeeds(rows, {
          x: ({ labels }) => labels,
          y: ({ accuracy }) => accuracy,
          z: ({ company }) => company,
          fx: ({ task }) => (task === 'even' ? 'is it even?' : 'which digit?'),
        }),
      ],
    }),
};
