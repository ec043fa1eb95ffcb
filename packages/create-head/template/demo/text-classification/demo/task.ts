import * as tfl from '@tensorflow/tfjs-layers';
import { type ExampleHeadPrediction, exampleHead } from '../src/index.js';
import { convolution } from './convolution.js';
import { encodeLetters, LETTERS, words } from './words.js';

const LONGEST = 16;

/** How many syllables has a word? Real words of the CMU Pronouncing Dictionary, from the package of that name. */
export const head = exampleHead({ classes: ['one', 'two', 'three', 'four', 'five or more'] });
export const inputShape = [LONGEST];
export const trunk = () => [
  tfl.layers.embedding({ name: 'letters', inputDim: LETTERS, outputDim: 16 }),
  convolution(32),
  convolution(64),
];

export const train = examples('train', 4000);
export const heldOut = examples('test', 500);

function examples(split: 'train' | 'test', count: number) {
  const own = words(split, { longest: LONGEST, count });
  const at = (index: number) => {
    const { letters, phonemes } = own[index];
    const syllables = phonemes.filter((phoneme) => /\d$/.test(phoneme)).length;
    return {
      input: encodeLetters(letters, LONGEST),
      labels: { task: Math.min(Math.max(syllables, 1), 5) - 1 },
    };
  };
  return { length: count, at };
}

export function describe(label: number | undefined, { label: said }: ExampleHeadPrediction<string>) {
  return `A word of ${label === 4 ? 'five or more' : (label ?? 0) + 1} syllables: ${said}, says the network.`;
}
