import { type ExampleOf, multiTaskModel } from '@espalier/core';
import { mnistDigits, type Split } from '@espalier/datasets';
import { hardSharing } from '@espalier/sharing';
import { classification } from '@espalier/vision-heads';
import * as tfl from '@tensorflow/tfjs-layers';
import { seeded } from '../numbers.js';
import { colours } from './svg.js';
import { drawFrom } from './train.js';

const heads = {
  digit: classification({ classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] }),
  even: classification({ classes: ['odd', 'even'] }),
};
export type DigitTask = keyof typeof heads;
export type LabelledDigit = ExampleOf<typeof heads>;

/** Alone, the other task has no labels, and so no part in the training. */
export type Company = 'alone' | 'together';

export const companyColours: Readonly<Record<Company, string>> = {
  alone: colours.red,
  together: colours.blue,
};

const othersLabels = 2000;
const batch = 32;

/**
 * Real handwritten digits with two questions: which digit, and is it even? One question is answered for a few digits,
 * the other one for 2,000 others. An update sees 32 digits of the first question, and together 32 of the second too.
 */
export async function fewLabels(
  task: DigitTask,
  { company, labels, seed }: { company: Company; labels: number; seed: number },
) {
  const other = task === 'digit' ? 'even' : 'digit';
  const digits = drawFrom(await measuredDigits('train'), labels + othersLabels, seeded(seed))();
  const few = digits.slice(0, labels).map(without(other));
  const drawFew = drawFrom(few, batch, seeded(seed + 100));
  const drawOthers = drawFrom(digits.slice(labels).map(without(task)), batch, seeded(seed + 200));
  return {
    few,
    draw: () => (company === 'alone' ? drawFew() : [...drawFew(), ...drawOthers()]),
    model: multiTaskModel({
      inputShape: [784],
      trunk: () => [64, 64].map((units) => tfl.layers.dense({ units, activation: 'relu' })),
      sharing: hardSharing(),
      heads,
      seed,
    }),
  };
}

/** All digits of a split, with both labels. */
export async function measuredDigits(split: Split): Promise<readonly LabelledDigit[]> {
  return (await mnistDigits(split)).map(({ pixels, digit }) => ({
    input: pixels,
    labels: { digit, even: Number(digit % 2 === 0) },
  }));
}

const without =
  (task: DigitTask) =>
  ({ input, labels }: LabelledDigit): LabelledDigit => ({ input, labels: { ...labels, [task]: undefined } });
