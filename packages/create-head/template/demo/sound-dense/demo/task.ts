import { type ExampleHeadPrediction, exampleHead } from '../src/index.js';
import { convolution } from './convolution.js';
import { randomOf } from './random-of.js';
import { features, frames, HOP, MELS, tone, waves, withNoise } from './tones.js';

const SAMPLES = 8000;

/** When does something sound? Tones that are made here, in noise: no recordings are in the registry. */
export const head = exampleHead({ classes: ['noise', 'tone'] });
export const inputShape = [frames(SAMPLES), MELS];
export const trunk = () => [convolution(16), convolution(16)];

export const train = examples(1000, 0);
export const heldOut = examples(300, 1_000_000);

function examples(count: number, seed: number) {
  const at = (index: number) => {
    const random = randomOf(seed + index);
    const begin = Math.floor((SAMPLES / 2) * random());
    const end = begin + Math.floor((SAMPLES / 2) * random());
    const wave = waves[index % waves.length];
    const sound = tone(wave, 200 + 600 * random(), SAMPLES).map((value, place) =>
      place >= begin && place < end ? 0.5 * value : 0,
    );
    const label = Array.from({ length: frames(SAMPLES) }, (_, frame) => {
      const middle = (frame + 1) * HOP;
      return middle >= begin && middle < end ? 1 : 0;
    });
    return { input: features(withNoise(sound, 0.3, seed + index)), labels: { task: label } };
  };
  return { length: count, at };
}

export function describe(label: readonly number[] | undefined, { indices }: ExampleHeadPrediction<string>) {
  const right = indices.filter((index, frame) => index === label?.[frame]);
  return `${right.length} of ${indices.length} moments are judged rightly.`;
}
