import { mnistDigits, type Split } from '@espalier/datasets';
import { type ExampleHeadPrediction, exampleHead } from '../src/index.js';
import { convolution } from './convolution.js';
import { randomOf } from './random-of.js';

/** Which pixels are ink? Real digits of MNIST, from the package `mnist`, under noise that is made here. */
export const head = exampleHead({ classes: ['paper', 'ink'] });
export const inputShape = [28, 28, 1];
export const trunk = () => [convolution(8), convolution(8), convolution(8)];

export const train = await examples('train', 1000);
export const heldOut = await examples('test', 200);

async function examples(split: Split, count: number) {
  const digits = await mnistDigits(split);
  const at = (index: number) => {
    const { pixels } = digits[Math.floor((index * digits.length) / count)];
    const random = randomOf(index);
    return {
      input: pixels.map((value) => value + 1.5 * (random() - 0.5)),
      labels: { task: Array.from(pixels, (value) => (value > 0.5 ? 1 : 0)) },
    };
  };
  return { length: count, at };
}

export function describe(label: readonly number[] | undefined, { indices }: ExampleHeadPrediction<string>) {
  const wrong = indices.filter((index, place) => index !== label?.[place]);
  return `${wrong.length} of ${indices.length} pixels are wrong.`;
}
