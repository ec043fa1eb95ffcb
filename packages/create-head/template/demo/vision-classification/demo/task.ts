import { mnistDigits, type Split } from '@espalier/datasets';
import { type ExampleHeadPrediction, exampleHead } from '../src/index.js';
import { convolution } from './convolution.js';

/** Which digit was written? 10,000 real digits of MNIST, from the package `mnist`. */
export const head = exampleHead({ classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] });
export const inputShape = [28, 28, 1];
export const trunk = () => [convolution(8, 2), convolution(16, 2), convolution(32)];

export const train = await examples('train', 3000);
export const heldOut = await examples('test', 500);

async function examples(split: Split, count: number) {
  const digits = await mnistDigits(split);
  // They come sorted by digit: take some of each.
  const at = (index: number) => {
    const { pixels, digit } = digits[Math.floor((index * digits.length) / count)];
    return { input: pixels, labels: { task: digit } };
  };
  return { length: count, at };
}

export function describe(
  label: number | undefined,
  { label: said, probabilities, index }: ExampleHeadPrediction<string>,
) {
  return `A ${label} was read as ${said}, with a probability of ${probabilities[index].toFixed(2)}.`;
}
