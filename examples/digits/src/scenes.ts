import type { ExampleOf } from '@espalier/core';
import { type DigitScene, digitScenes, mnistDigits, type Split } from '@espalier/datasets';
import { type DataOf, mapData } from '@espalier/trainer';
import type { DigitHeads } from './network.js';

/** Scenes to learn from: other ones in every epoch, since drawing them costs next to nothing. */
export async function trainingScenes(
  count: number,
  epochs: number,
  seed: number,
): Promise<DataOf<DigitHeads>> {
  const all = await labelledScenes('train', count * epochs, seed);
  return { length: count, at: (index, epoch = 0) => all.at(epoch * count + index) };
}

/** Scenes of glyphs that no other part has seen, labelled for both tasks. */
export async function labelledScenes(split: Split, count: number, seed: number): Promise<DataOf<DigitHeads>> {
  return mapData(digitScenes({ glyphs: await mnistDigits(split), count, seed }), labelled);
}

function labelled({ pixels, digits }: DigitScene): ExampleOf<DigitHeads> {
  const boxes = digits.map(({ x, y, width, height }) => ({ x, y, width, height, class: 0 }));
  return { input: pixels, labels: { largest: digits[0].digit, digits: boxes } };
}
