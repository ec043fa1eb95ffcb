import type { Heads, InputShape } from '@espalier/core';
import { decodePicture } from '@espalier/datasets/node';
import type { Experiment } from './experiment.js';

/** What the bytes of a file are to a network. */
export type ReadInput = (bytes: Uint8Array) => Promise<Float32Array>;

/** A picture may have that many pixels, whatever its file says: it is made smaller than that. */
const MAX_PIXELS = 64e6;

/**
 * How files become inputs: as the experiment says, or, where the network takes pictures, as pictures with values from 0
 * to 1. Undefined where neither holds.
 */
export function readInputOf(
  { read }: Pick<Experiment<Heads>, 'read'>,
  shape: InputShape,
): ReadInput | undefined {
  if (read !== undefined) return async (bytes) => read(bytes);
  const size = pictureSize(shape);
  if (size === undefined) return undefined;
  return async (bytes) =>
    (await decodePicture(bytes, { ...size, convert: true, maxPixels: MAX_PIXELS })).pixels;
}

function pictureSize([height, width, channels, ...more]: InputShape) {
  const isPicture = more.length === 0 && typeof height === 'number' && typeof width === 'number';
  if (!isPicture || (channels !== 1 && channels !== 3)) return undefined;
  return { height, width, channels } as const;
}
