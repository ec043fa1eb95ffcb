import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BadExamples, type OnBadExample } from '../bad-examples.js';
import { DatasetError } from '../errors.js';
import { decodePicture } from './decode-picture.js';
import type { Picture } from './picture.js';

export interface PictureFolderOptions {
  /** A folder with one folder a class, each with pictures. */
  readonly folder: string;
  /** The size that pictures are decoded to; sides are stretched to it. */
  readonly width: number;
  readonly height: number;
  /** The channels that pictures have to have: 1 for grey, 3 for colour; 3 unless given. */
  readonly channels?: 1 | 3;
  /** The folders to read, in the order in which classes are numbered; all of them, by name, unless given. */
  readonly classes?: readonly string[];
  /** `throw` unless given. */
  readonly onBadExample?: OnBadExample;
}

/** A picture and the folder that it was in. */
export interface ClassifiedPicture {
  readonly file: string;
  readonly picture: Picture;
  /** A place in `classes`. */
  readonly class: number;
}

export interface PictureFolder {
  readonly classes: readonly string[];
  readonly pictures: readonly ClassifiedPicture[];
}

/**
 * Reads pictures that lie in one folder a class, in the order of their names. Hidden files are not read.
 *
 * An example is bad when it cannot be decoded, is animated, or has other channels.
 *
 * @throws DatasetError when a folder is missing or has no picture, or there is a bad example where `onBadExample` is
 * `throw`.
 */
export async function readPictureFolder({
  folder,
  classes,
  onBadExample = 'throw',
  ...decoding
}: PictureFolderOptions): Promise<PictureFolder> {
  const names = classes ?? (await list(folder, 'folders'));
  if (names.length === 0) throw new DatasetError(`${folder}: has no folder; expected one a class.`);
  const bad = new BadExamples(onBadExample);
  const pictures: ClassifiedPicture[] = [];
  let count = 0;
  for (const [index, name] of names.entries()) {
    const before = pictures.length;
    for (const entry of await list(join(folder, name), 'files')) {
      const file = join(folder, name, entry);
      count++;
      try {
        pictures.push({ file, picture: await decodePicture(file, decoding), class: index });
      } catch (cause) {
        if (!(cause instanceof DatasetError)) throw cause;
        bad.add(file, cause.message, '', cause.cause);
      }
    }
    if (pictures.length === before) {
      throw new DatasetError(
        `${join(folder, name)}: has no picture that can be read; the class has no example.`,
      );
    }
  }
  bad.report(folder, count);
  return { classes: names, pictures };
}

async function list(folder: string, kind: 'files' | 'folders'): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() === (kind === 'folders') && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort();
  } catch (cause) {
    throw new DatasetError(`${folder}: is not a folder that can be read.`, { cause });
  }
}
