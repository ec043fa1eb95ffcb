import { disposeBatch } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { combinations, type Figure } from './figure.js';
import {
  type Company,
  companyColours,
  fewLabels,
  type LabelledDigit,
  measuredDigits,
} from './labelled-digits.js';
import { legend, mediansOverSeeds, scaleOf, svg } from './svg.js';
import { train } from './train.js';

type Cell = { readonly company: Company; readonly seed: number };
type Row = Cell & {
  /** The cross-entropy in nats, on the digits that are learned from and on those to test on. */
  readonly curve: readonly { readonly update: number; readonly training: number; readonly test: number }[];
};

export const regularization: Figure<Cell, Row> = {
  name: 'regularization',
  cells: combinations<Cell>({ company: ['alone', 'together'], seed: [1, 2, 3] }),

  async measure(cell) {
    const { model, draw, few } = await fewLabels('even', { ...cell, labels: 100 });
    const test = await measuredDigits('test');
    const lossOf = async (examples: readonly LabelledDigit[]) => {
      const batch = model.batch(examples);
      const loss = tf.tidy(() => model.losses(batch, { training: false }).even!);
      const [value] = await loss.data();
      loss.dispose();
      disposeBatch(batch);
      return value!;
    };
    const curve: { update: number; training: number; test: number }[] = [];
    try {
      await train(model, {
        updates: 600,
        learningRate: 1e-3,
        draw,
        seed: cell.seed,
        watch: {
          every: 20,
          look: async (update) => {
            curve.push({ update, training: await lossOf(few), test: await lossOf(test) });
          },
        },
      });
      return { ...cell, curve };
    } finally {
      model.dispose();
    }
  },

  draw(rows) {
    const points = rows.flatMap(({ company, curve }) =>
      curve.flatMap(({ update, training, test }) => [
        { company, update, loss: training, on: 'digits learned from' },
        { company, update, loss: test, on: 'test digits' },
      ]),
    );
    return svg({
      ariaLabel: 'Losses over the updates, alone and together with another task',
      x: { label: 'updates', labelOffset: 40 },
      y: { label: 'cross-entropy, nats', grid: true },
      color: scaleOf(companyColours),
      marks: [
        ...legend(companyColours, { fx: 'digits learned from' }),
        ...mediansOverSeeds(points, {
          x: ({ update }) => update,
          y: ({ loss }) => loss,
          z: ({ company }) => company,
          fx: ({ on }) => on,
        }),
      ],
    });
  },
};
