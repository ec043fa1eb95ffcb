import type { Random } from '@espalier/core';
import { type Sample, SIDE } from './pictures.js';

/** How much larger or smaller things become. */
const SMALLEST = 0.75;
const LARGEST = 1.35;
/** How far the exponent of brightness goes from 1. */
const GAMMA = 0.3;

/**
 * A square of 256 × 256 pixels of a sample, at random: where, how large, turned by quarters and mirrored, brighter or
 * darker. Picture and nuclei stay in step. Beyond its edges the sample is mirrored.
 */
export function augment({ id, picture, nuclei }: Sample, random: Random): Sample {
  const scale = SMALLEST * (LARGEST / SMALLEST) ** random();
  const side = (SIDE - 1) / scale;
  const left = random() * (picture.width - 1 - side);
  const top = random() * (picture.height - 1 - side);
  const [mirrorX, mirrorY, transpose] = [random() < 0.5, random() < 0.5, random() < 0.5];
  const gamma = 1 + GAMMA * (2 * random() - 1);
  const brighter = Float32Array.from({ length: 256 }, (_, value) => (value / 255) ** gamma);

  const columns = places(left, scale, mirrorX, picture.width);
  const rows = places(top, scale, mirrorY, picture.height);
  const { width, pixels: from } = picture;
  const pixels = new Float32Array(SIDE * SIDE * 3);
  const values = new Int32Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const source = transpose ? rows[x] * width + columns[y] : rows[y] * width + columns[x];
      const target = y * SIDE + x;
      values[target] = nuclei.values[source];
      for (let channel = 0; channel < 3; channel++) {
        pixels[3 * target + channel] = brighter[Math.round(255 * from[3 * source + channel])];
      }
    }
  }
  return {
    id,
    picture: { ...picture, width: SIDE, height: SIDE, pixels },
    nuclei: { width: SIDE, height: SIDE, values, segments: nuclei.segments },
  };
}

/** For every place in the square, the nearest row or column of the sample. */
function places(start: number, scale: number, mirrored: boolean, size: number): Int32Array {
  return Int32Array.from({ length: SIDE }, (_, index) => {
    const place = Math.round(start + (mirrored ? SIDE - 1 - index : index) / scale);
    const inside = place < 0 ? -place : place;
    return inside < size ? inside : 2 * (size - 1) - inside;
  });
}
