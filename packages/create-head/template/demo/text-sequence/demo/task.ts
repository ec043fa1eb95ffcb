import * as tfl from '@tensorflow/tfjs-layers';
import { type ExampleHeadPrediction, exampleHead } from '../src/index.js';
import { convolution } from './convolution.js';
import { encodeLetters, LETTERS, words } from './words.js';

const LONGEST = 12;

/**
 * Which stress has each of a word's syllables? Real words of the CMU Pronouncing Dictionary, from the package of that
 * name.
 */
export const head = exampleHead({ symbols: ['unstressed', 'stressed', 'half stressed'], longest: 6 });
export const inputShape = [LONGEST];
export const trunk = () => [
  tfl.layers.embedding({ name: 'letters', inputDim: LETTERS, outputDim: 16 }),
  convolution(32),
  convolution(32),
];

export const train = examples('train', 4000);
export const heldOut = examples('test', 500);

function examples(split: 'train' | 'test', count: number) {
  const own = words(split, { longest: LONGEST, count });
  const at = (index: number) => {
    const { letters, phonemes } = own[index];
    const stresses = phonemes.flatMap((phoneme) => /\d$/.exec(phoneme) ?? []).map(Number);
    return { input: encodeLetters(letters, LONGEST), labels: { task: stresses.slice(0, 6) } };
  };
  return { length: count, at };
}

export function describe(label: readonly number[] | undefined, { indices }: ExampleHeadPrediction<string>) {
  return `Stresses ${label?.join(' ')}: ${indices.join(' ')}, says the network.`;
}
