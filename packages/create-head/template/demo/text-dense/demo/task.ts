import * as tfl from '@tensorflow/tfjs-layers';
import { type ExampleHeadPrediction, exampleHead } from '../src/index.js';
import { convolution } from './convolution.js';
import { randomOf } from './random-of.js';
import { encodeLetters, LETTERS, words } from './words.js';

const LENGTH = 32;
const LONGEST = 8;
const UNKNOWN = -1;

/** Wheredowordsend? Real words of the CMU Pronouncing Dictionary, from the package of that name, without spaces. */
export const head = exampleHead({ classes: ['goes on', 'ends'] });
export const inputShape = [LENGTH];
export const trunk = () => [
  tfl.layers.embedding({ name: 'letters', inputDim: LETTERS, outputDim: 16 }),
  convolution(32),
  convolution(64),
];

export const train = examples('train', 4000);
export const heldOut = examples('test', 500);

function examples(split: 'train' | 'test', count: number) {
  const own = words(split, { longest: LONGEST, count: 2000 });
  const at = (index: number) => {
    const random = randomOf(index);
    let text = '';
    const ends: number[] = [];
    for (;;) {
      const { letters } = own[Math.floor(random() * own.length)];
      if (text.length + letters.length > LENGTH) break;
      text += letters;
      ends.push(text.length - 1);
    }
    const label = Array.from({ length: LENGTH }, (_, place) =>
      place >= text.length ? UNKNOWN : ends.includes(place) ? 1 : 0,
    );
    return { input: encodeLetters(text, LENGTH), labels: { task: label } };
  };
  return { length: count, at };
}

export function describe(label: readonly number[] | undefined, { indices }: ExampleHeadPrediction<string>) {
  const known = (label ?? []).map((_, place) => place).filter((place) => label?.[place] !== UNKNOWN);
  const right = known.filter((place) => indices[place] === label?.[place]);
  return `${right.length} of ${known.length} letters are judged rightly.`;
}
