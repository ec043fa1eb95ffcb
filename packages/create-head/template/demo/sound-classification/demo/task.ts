import { type ExampleHeadPrediction, exampleHead } from '../src/index.js';
import { convolution } from './convolution.js';
import { randomOf } from './random-of.js';
import { features, frames, MELS, tone, waves, withNoise } from './tones.js';

const SAMPLES = 4000;

/** Which wave is it? Tones that are made here, of any pitch and with noise: no recordings are in the registry. */
export const head = exampleHead({ classes: waves });
export const inputShape = [frames(SAMPLES), MELS];
export const trunk = () => [convolution(16), convolution(32)];

export const train = examples(1000, 0);
export const heldOut = examples(300, 1_000_000);

function examples(count: number, seed: number) {
  const at = (index: number) => {
    const random = randomOf(seed + index);
    const wave = index % waves.length;
    const sound = tone(waves[wave], 200 + 600 * random(), SAMPLES);
    return { input: features(withNoise(sound, 0.2, seed + index)), labels: { task: wave } };
  };
  return { length: count, at };
}

export function describe(label: number | undefined, { label: said }: ExampleHeadPrediction<string>) {
  return `A ${waves[label ?? 0]}: ${said}, says the network.`;
}
