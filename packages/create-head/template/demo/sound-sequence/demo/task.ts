import { type ExampleHeadPrediction, exampleHead } from '../src/index.js';
import { convolution } from './convolution.js';
import { randomOf } from './random-of.js';
import { features, frames, MELS, tone, withNoise } from './tones.js';

const LONGEST = 4;
const NOTE = 2000;
const notes = { do: 262, re: 294, mi: 330, fa: 349, so: 392 };
const hertz = Object.values(notes);

/** Which melody is it? One to four notes that are made here, in noise: no recordings are in the registry. */
export const head = exampleHead({ symbols: Object.keys(notes), longest: LONGEST });
export const inputShape = [frames(LONGEST * NOTE), MELS];
export const trunk = () => [convolution(16), convolution(16)];

export const train = examples(2000, 0);
export const heldOut = examples(300, 1_000_000);

function examples(count: number, seed: number) {
  const at = (index: number) => {
    const random = randomOf(seed + index);
    const melody = Array.from({ length: 1 + Math.floor(LONGEST * random()) }, () =>
      Math.floor(hertz.length * random()),
    );
    const sound = new Float32Array(LONGEST * NOTE);
    for (const [place, note] of melody.entries())
      sound.set(tone('sawtooth', hertz[note], NOTE), place * NOTE);
    return { input: features(withNoise(sound, 0.1, seed + index)), labels: { task: melody } };
  };
  return { length: count, at };
}

export function describe(label: readonly number[] | undefined, { symbols }: ExampleHeadPrediction<string>) {
  return `${label?.map((note) => Object.keys(notes)[note]).join(' ')}: ${symbols.join(' ')}, says the network.`;
}
