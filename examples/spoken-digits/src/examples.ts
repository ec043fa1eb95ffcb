import { type ExampleOf, InputError, seededRandom } from '@espalier/core';
import type { DataOf } from '@espalier/trainer';
import { type heads, MELS, speakers, WINDOW } from './network.js';
import type { Recording } from './recordings.js';

type DigitHeads = typeof heads;

/** Log powers are −9.5 ± 3.5 in the takes for training. */
const normalized = (logPower: number) => (logPower + 9.5) / 3.5;
const SILENCE = normalized(Math.log(1e-6));

/** Recordings in the middle of a second of silence. */
export function plainExamples(recordings: readonly Recording[]): DataOf<DigitHeads> {
  return { length: recordings.length, at: (index) => example(recordings[index], middle(recordings[index])) };
}

/** The same recordings at random places of the second; at other ones in every epoch. */
export function movedExamples(recordings: readonly Recording[], seed: number): DataOf<DigitHeads> {
  return {
    length: recordings.length,
    at(index, epoch = 0) {
      const random = seededRandom(scattered(seed + index + recordings.length * epoch));
      const recording = recordings[index];
      const offset = Math.floor(random() * (Math.abs(WINDOW - recording.frames) + 1));
      return example(recording, recording.frames < WINDOW ? offset : -offset);
    },
  };
}

/** Generators of neighbouring seeds begin alike: numbers in a row are sent far from each other. */
const scattered = (number: number) => Math.imul(number + 1, 0x9e3779b1);

const middle = ({ frames }: Recording) => Math.trunc((WINDOW - frames) / 2);

/** The recording with its first frame at a place of the window; negative where its beginning is cut. */
function example({ values, frames, digit, speaker }: Recording, place: number): ExampleOf<DigitHeads> {
  const input = new Float32Array(WINDOW * MELS).fill(SILENCE);
  const first = Math.max(-place, 0);
  const last = Math.min(frames, WINDOW - place);
  for (let at = first * MELS; at < last * MELS; at++) input[at + place * MELS] = normalized(values[at]);
  const names: readonly string[] = speakers;
  const index = names.indexOf(speaker);
  if (index < 0) throw new InputError(`Speaker "${speaker}" is none of ${speakers.join(', ')}.`);
  return { input, labels: { digit, speaker: index } };
}
