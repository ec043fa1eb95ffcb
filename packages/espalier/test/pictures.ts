import { multiTaskModel } from '@espalier/core';
import { sum } from '@espalier/losses';
import { hardSharing } from '@espalier/sharing';
import { adamW, constant } from '@espalier/trainer';
import { classification, detection } from '@espalier/vision-heads';
import * as tfl from '@tensorflow/tfjs-layers';
import { defineExperiment } from 'espalier';
import sharp from 'sharp';

/** Pixels a side of the pictures, which are grey. */
export const SIDE = 8;

/** Some picture, of values that a byte holds. */
export function pixels(seed: number): Float32Array {
  return Float32Array.from({ length: SIDE * SIDE }, (_, index) => ((index * 7 + seed * 13) % 256) / 255);
}

export function png(values: Float32Array): Promise<Buffer> {
  const bytes = Uint8Array.from(values, (value) => Math.round(255 * value));
  return sharp(bytes, { raw: { width: SIDE, height: SIDE, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}

function pictures(count: number) {
  const at = (index: number) => ({
    input: pixels(index),
    labels: { kind: index % 2, things: [{ x: 0.25, y: 0.25, width: 0.5, height: 0.5, class: 0 }] },
  });
  return { length: count, at };
}

/** Small grey pictures: of which kind, and where things are. */
export default defineExperiment({
  name: 'pictures',
  heads: {
    kind: classification({ classes: ['light', 'dark'] }),
    things: detection({ classes: ['thing'] }),
  },
  compose: (heads, { sharing, seed }) =>
    multiTaskModel({
      inputShape: [SIDE, SIDE, 1],
      trunk: () => [
        tfl.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }),
      ],
      sharing,
      heads,
      seed,
    }),
  sharing: hardSharing(),
  weighting: sum(),
  data: () => ({ train: pictures(8), validation: pictures(4), test: pictures(4) }),
  epochs: 1,
  batchSize: 4,
  optimizer: adamW(),
  schedule: constant(0.01),
});
