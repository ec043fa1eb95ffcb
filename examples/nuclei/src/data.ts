import { type ExampleOf, seededRandom } from '@espalier/core';
import type { DataOf } from '@espalier/trainer';
import { augment } from './augment.js';
import type { heads } from './network.js';
import { resize, type Sample, SIDE } from './pictures.js';

type NucleiHeads = typeof heads;

/** Samples to learn from: another square of each in every epoch. */
export function trainingData(samples: readonly Sample[], seed: number): DataOf<NucleiHeads> {
  return {
    length: samples.length,
    at(index, epoch = 0) {
      // Neighbouring seeds start alike; a multiplicative hash spreads them.
      const own = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(epoch * samples.length + index + 1, 0x85ebca6b);
      return labelled(augment(samples[index], seededRandom(own)));
    },
  };
}

/** Whole samples, at 256 × 256 pixels. */
export function testData(samples: readonly Sample[]): DataOf<NucleiHeads> {
  return {
    length: samples.length,
    at: (index) => labelled(resize(samples[index], { width: SIDE, height: SIDE })),
  };
}

function labelled({ picture, nuclei }: Sample): ExampleOf<NucleiHeads> {
  const tissue = { width: SIDE, height: SIDE, values: nuclei.values.map((value) => Math.min(value, 1)) };
  return { input: picture.pixels, labels: { tissue, nuclei } };
}
