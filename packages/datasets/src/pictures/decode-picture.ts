import sharp from 'sharp';
import { DatasetError } from '../errors.js';
import type { Picture } from './picture.js';

export interface DecodeOptions {
  /** The size of the decoded picture; sides are stretched to it. */
  readonly width: number;
  readonly height: number;
  /** The channels that a file has to have: 1 for grey, 3 for colour; 3 unless given. */
  readonly channels?: 1 | 3;
  /**
   * Takes files with other channels too: colours become grey or grey colours, and what is transparent black. Pictures are
   * turned as their EXIF data say.
   */
  readonly convert?: boolean;
  /** How many pixels a file may have, since a small file may hold a picture that fills the memory. */
  readonly maxPixels?: number;
  /** The size that the file has to have, where something else depends on it. */
  readonly fileSize?: { readonly width: number; readonly height: number };
}

/**
 * Decodes a picture file of any format that sharp reads.
 *
 * @param file its path, or its bytes.
 * @throws DatasetError when the file cannot be decoded, is animated, or has other channels or another size; the message
 * says what is wrong, and not in which file.
 */
export async function decodePicture(
  file: string | Uint8Array,
  { width, height, channels = 3, fileSize, convert = false, maxPixels: limitInputPixels }: DecodeOptions,
): Promise<Picture> {
  const open = () => sharp(file, { limitInputPixels });
  const { pages = 1, ...metadata } = await orFault('it cannot be decoded', async () => open().metadata());
  if (pages > 1) throw new DatasetError(`it is animated, with ${pages} frames`);
  if (!convert && metadata.channels !== channels) {
    throw new DatasetError(`it has ${metadata.channels} channels, and not ${channels}`);
  }
  if (fileSize !== undefined && (metadata.width !== fileSize.width || metadata.height !== fileSize.height)) {
    throw new DatasetError(
      `it is ${metadata.width} × ${metadata.height} pixels, and its annotation ${fileSize.width} × ${fileSize.height}`,
    );
  }
  const picture = convert ? open().autoOrient().flatten() : open();
  const raw = picture
    .resize(width, height, { fit: 'fill' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw();
  const bytes = await orFault('it cannot be decoded', () => raw.toBuffer());
  return { width, height, channels, pixels: Float32Array.from(bytes, (value) => value / 255) };
}

async function orFault<T>(fault: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new DatasetError(fault, { cause });
  }
}
