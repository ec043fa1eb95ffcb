import { type ExampleOf, seededRandom } from '@espalier/core';
import type { DataOf } from '@espalier/trainer';
import { augment, type Square } from './augment.js';
import type { heads } from './network.js';
import { resize, type Sample, SIDE } from './pictures.js';

type NucleiHeads = typeof heads;

/** Every fourth sample is a stained one, in turn: only a tenth of those to train on are. */
const STAINED = 4;

/** Samples to learn from: another square of each in every epoch. */
export function trainingData(samples: readonly Sample[], seed: number): DataOf<NucleiHeads> {
  const stained = samples.filter((sample) => sample.stained);
  return {
    length: samples.length,
    at(index, epoch = 0) {
      const place = epoch * samples.length + index;
      const sample =
        stained.length > 0 && place % STAINED === 0
          ? stained[(place / STAINED) % stained.length]
          : samples[index];
      // Neighbouring seeds start alike; a multiplicative hash spreads them.
      const own = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(place + 1, 0x85ebca6b);
      return labelled(augment(sample, seededRandom(own)));
    },
  };
}

/** Whole samples, at 256 × 256 pixels. */
export function testData(samples: readonly Sample[]): DataOf<NucleiHeads> {
  return {
    length: samples.length,
    at(index) {
      const { width, height, levels, nuclei: map } = samples[index];
      const picture = {
        width,
        height,
        channels: 3,
        pixels: Float32Array.from(levels, (level) => level / 255),
      };
      const resized = resize({ picture, nuclei: map }, { width: SIDE, height: SIDE });
      return labelled({ pixels: resized.picture.pixels, nuclei: resized.nuclei });
    },
  };
}

function labelled({ pixels, nuclei }: Square): ExampleOf<NucleiHeads> {
  const values = new Int32Array(nuclei.values.length);
  for (let pixel = 0; pixel < values.length; pixel++) values[pixel] = Math.min(nuclei.values[pixel], 1);
  return { input: pixels, labels: { tissue: { width: SIDE, height: SIDE, values }, nuclei } };
}
