import { logMel } from '@espalier/datasets';
import { randomOf } from './random-of.js';

export const SAMPLE_RATE = 8000;
export const MELS = 32;
/** From one frame of features to the next, in samples. */
export const HOP = 128;

export const waves = ['sine', 'square', 'sawtooth'] as const;

const shapes: Record<(typeof waves)[number], (turn: number) => number> = {
  sine: (turn) => Math.sin(2 * Math.PI * turn),
  square: (turn) => (turn % 1 < 0.5 ? 0.7 : -0.7),
  sawtooth: (turn) => 1.4 * (turn % 1) - 0.7,
};

/** A tone of so many samples. */
export function tone(wave: (typeof waves)[number], hertz: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, place) => shapes[wave]((place * hertz) / SAMPLE_RATE));
}

/** The same sound among noise of a standard deviation near `level`. */
export function withNoise(sound: Float32Array, level: number, seed: number): Float32Array {
  const random = randomOf(seed);
  return sound.map((value) => value + level * (random() + random() + random() + random() - 2) * 1.73);
}

/** Features of [frames, MELS]: how much of what pitch is in each moment. */
export function features(sound: Float32Array): Float32Array {
  return logMel(sound, { sampleRate: SAMPLE_RATE, windowLength: 2 * HOP, hopLength: HOP, mels: MELS }).values;
}

/** How many frames `features` gives. */
export const frames = (samples: number) => Math.floor((samples - 2 * HOP) / HOP) + 1;
