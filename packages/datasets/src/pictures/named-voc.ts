import { join } from 'node:path';
import type { OnBadExample } from '../bad-examples.js';
import { DatasetError } from '../errors.js';
import { readVoc, type VocPicture } from './voc.js';

export interface NamedVocOptions {
  readonly split: 'train' | 'test';
  readonly width: number;
  readonly height: number;
  /** The folder that has the data set's folder; the one that `ESPALIER_DATA` names unless given. */
  readonly data?: string;
  readonly onBadExample?: OnBadExample;
}

/** What is labelled in `bccd`, in the order of its class indices. */
export const bccdClasses = ['RBC', 'WBC', 'Platelets'] as const;

/**
 * Blood cells under a microscope (github.com/Shenggan/BCCD_Dataset, MIT), in `voc-bccd/` of the data folder: red and
 * white cells and platelets.
 *
 * @throws DatasetError when it is not there.
 */
export function bccd(options: NamedVocOptions): Promise<readonly VocPicture[]> {
  return named('voc-bccd', 'https://github.com/Shenggan/BCCD_Dataset', bccdClasses, options);
}

/** What is labelled in `raccoons`. */
export const raccoonClasses = ['raccoon'] as const;

/**
 * Photographs of raccoons (github.com/datitran/raccoon_dataset, MIT; the photographs are not the uploader's), in
 * `voc-animals/` of the data folder.
 *
 * @throws DatasetError when it is not there.
 */
export function raccoons(options: NamedVocOptions): Promise<readonly VocPicture[]> {
  return named('voc-animals', 'https://github.com/datitran/raccoon_dataset', raccoonClasses, options);
}

function named(
  name: string,
  source: string,
  classes: readonly string[],
  { data = process.env.ESPALIER_DATA, ...options }: NamedVocOptions,
) {
  if (data === undefined) {
    throw new DatasetError(
      `${name} is not shipped: get it from ${source} in Pascal VOC's format, and let ESPALIER_DATA name the folder ` +
        `that holds ${name}/.`,
    );
  }
  return readVoc({ ...options, folder: join(data, name), classes });
}
