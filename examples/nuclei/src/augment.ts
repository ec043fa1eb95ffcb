import type { Random } from '@espalier/core';
import type { SegmentMap } from '@espalier/datasets';
import { type Sample, SIDE } from './pictures.js';

/** What the network is shown, and what it learns from that. */
export interface Square {
  readonly pixels: Float32Array;
  readonly nuclei: SegmentMap;
}

/** How much larger or smaller things become. */
const SMALLEST = 0.75;
const LARGEST = 1.35;
/** How far the exponent of brightness goes from 1. */
const GAMMA = 0.3;
/** How far that of one colour goes from the others'. */
const COLOUR = 0.3;
/** How often colours change places, and how often all become one. */
const SWAPPED = 0.3;
const GREY = 0.2;
const SWAPS = [
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
  [0, 2, 1],
];

/**
 * A square of 256 × 256 pixels of a sample, at random: where, how large, turned by quarters and mirrored, brighter or
 * darker, in other colours. Picture, with values from 0 to 1, and nuclei stay in step. Beyond its edges the sample is
 * mirrored.
 */
export function augment({ width, height, levels, nuclei }: Sample, random: Random): Square {
  const scale = SMALLEST * (LARGEST / SMALLEST) ** random();
  const side = (SIDE - 1) / scale;
  const left = random() * (width - 1 - side);
  const top = random() * (height - 1 - side);
  const [mirrorX, mirrorY, transpose] = [random() < 0.5, random() < 0.5, random() < 0.5];
  const gamma = 1 + GAMMA * (2 * random() - 1);
  const [red, green, blue] = [0, 1, 2].map(() => {
    const own = gamma * (1 + COLOUR * (2 * random() - 1));
    return Float32Array.from({ length: 256 }, (_, level) => (level / 255) ** own);
  });
  const [fromRed, fromGreen, fromBlue] = channelOrder(random);

  const columns = places(left, scale, mirrorX, width);
  const rows = places(top, scale, mirrorY, height);
  const pixels = new Float32Array(SIDE * SIDE * 3);
  const values = new Int32Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const source = transpose ? rows[x] * width + columns[y] : rows[y] * width + columns[x];
      const target = y * SIDE + x;
      values[target] = nuclei.values[source];
      // One line a channel: a loop takes four times as long.
      pixels[3 * target] = red[levels[3 * source + fromRed]];
      pixels[3 * target + 1] = green[levels[3 * source + fromGreen]];
      pixels[3 * target + 2] = blue[levels[3 * source + fromBlue]];
    }
  }
  return { pixels, nuclei: { width: SIDE, height: SIDE, values, segments: nuclei.segments } };
}

/** The channels that red, green and blue are made of: mostly their own. */
function channelOrder(random: Random): readonly number[] {
  const swapped = random() < SWAPPED ? SWAPS[Math.floor(SWAPS.length * random())] : [0, 1, 2];
  return random() < GREY ? swapped.map(() => swapped[0]) : swapped;
}

/** For every place in the square, the nearest row or column of the sample. */
function places(start: number, scale: number, mirrored: boolean, size: number): Int32Array {
  return Int32Array.from({ length: SIDE }, (_, index) => {
    const place = Math.round(start + (mirrored ? SIDE - 1 - index : index) / scale);
    const inside = place < 0 ? -place : place;
    return inside < size ? inside : 2 * (size - 1) - inside;
  });
}
