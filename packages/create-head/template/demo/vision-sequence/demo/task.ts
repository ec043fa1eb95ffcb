import { mnistDigits, type Split } from '@espalier/datasets';
import { type ExampleHeadPrediction, exampleHead } from '../src/index.js';
import { convolution } from './convolution.js';
import { randomOf } from './random-of.js';

const SIZE = 28;
const LONGEST = 3;

/** Which number was written? One to three real digits of MNIST, from the package `mnist`, side by side. */
export const head = exampleHead({
  symbols: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  longest: LONGEST,
});
export const inputShape = [SIZE, LONGEST * SIZE, 1];
export const trunk = () => [convolution(8, 2), convolution(16, 2), convolution(16, 2)];

export const train = await examples('train', 3000);
export const heldOut = await examples('test', 300);

async function examples(split: Split, count: number) {
  const glyphs = await mnistDigits(split);
  const at = (index: number) => {
    const random = randomOf(index);
    const chosen = Array.from(
      { length: 1 + Math.floor(LONGEST * random()) },
      () => glyphs[Math.floor(glyphs.length * random())],
    );
    const input = new Float32Array(SIZE * LONGEST * SIZE);
    for (const [place, { pixels }] of chosen.entries()) {
      for (let row = 0; row < SIZE; row++) {
        const line = pixels.subarray(row * SIZE, (row + 1) * SIZE);
        input.set(line, (row * LONGEST + place) * SIZE);
      }
    }
    return { input, labels: { task: chosen.map(({ digit }) => digit) } };
  };
  return { length: count, at };
}

export function describe(label: readonly number[] | undefined, { symbols }: ExampleHeadPrediction<string>) {
  return `${label?.join('')} was read as ${symbols.join('') || 'nothing'}.`;
}
