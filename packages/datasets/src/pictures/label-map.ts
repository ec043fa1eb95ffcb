import sharp from 'sharp';
import { DatasetError } from '../errors.js';
import { type LabelMap, UNKNOWN } from './segment-map.js';

export interface LabelMapOptions {
  /** How many labels there are, from 0; any unless given. */
  readonly count?: number;
  /** The label of pixels of which nothing is known, such as 255; they become `UNKNOWN`. */
  readonly unknown?: number;
}

/**
 * Reads a label map: a grey PNG of 8 or 16 bits whose values are classes or instances.
 *
 * @throws DatasetError when the file cannot be decoded, has several channels or a palette, or a label is not known; the
 * message says what is wrong, and not in which file.
 */
export async function readLabelMap(
  file: string,
  { count = Number.POSITIVE_INFINITY, unknown }: LabelMapOptions = {},
): Promise<LabelMap> {
  const { width, height, stored } = await decode(file);
  const values = Int32Array.from(stored, (value) => (value === unknown ? UNKNOWN : value));
  const wrong = values.findIndex((value) => value >= count);
  if (wrong >= 0) {
    throw new DatasetError(
      `it has the label ${values[wrong]} in column ${wrong % width}, row ${Math.floor(wrong / width)}, and only the ` +
        `labels 0 to ${count - 1} are known`,
    );
  }
  return { width, height, values };
}

async function decode(file: string) {
  try {
    const { channels, isPalette, depth } = await sharp(file).metadata();
    if (channels !== 1) throw new DatasetError(`it has ${channels} channels, and not 1`);
    // A palette is expanded when it is decoded: colours would be taken for labels.
    if (isPalette) throw new DatasetError('it has a palette, and not grey values that are labels');
    const deep = depth === 'ushort';
    const { data, info } = await sharp(file, { failOn: 'warning' })
      .toColourspace(deep ? 'grey16' : 'b-w')
      .raw({ depth: deep ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const stored = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
    return { width: info.width, height: info.height, stored: Array.from(stored) };
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    throw new DatasetError('it cannot be decoded', { cause });
  }
}
