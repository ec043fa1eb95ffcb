import { join } from 'node:path';
import { DatasetError, messageOf } from '../errors.js';
import { parseTsv } from './delimited.js';
import { fileError } from './file-error.js';
import { readText } from './read-text.js';

/** Where the texts are from. */
export const vaderSources = ['tweets', 'nyt', 'movies', 'amazon'] as const;

export type VaderSource = (typeof vaderSources)[number];

/** A text and what people think that it feels. */
export interface RatedText {
  readonly id: string;
  readonly source: VaderSource;
  readonly text: string;
  /** The mean of the ratings of twenty people, from −4 to 4. */
  readonly rating: number;
}

const ORIGIN =
  "The texts are in hutto_ICWSM_2014.tar.gz of PyPI's vaderSentiment 3.3.2 (*_GroundTruth.txt, here <source>.tsv).";

/**
 * 23,703 texts of four sources with human ratings (C. Hutto, E. Gilbert, "VADER", ICWSM 2014; MIT, the texts are their
 * authors'), in two parts that share no document.
 *
 * @param folder with a file `<source>.tsv` each (id, rating, text) and `split.json`, which lists the units of `test`.
 * @throws DatasetError when a file is missing, or not what it should be.
 */
export async function vaderTexts(folder: string, split: 'train' | 'test'): Promise<readonly RatedText[]> {
  const splitFile = join(folder, 'split.json');
  const { unit, test } = parseSplit(await readText(splitFile, ORIGIN), splitFile);
  const parts = await Promise.all(
    vaderSources.map(async (source) => {
      const file = join(folder, `${source}.tsv`);
      const held = new Set(test[source]);
      const unitOf = (id: string) => (unit[source] === 'document id' ? id.split('_')[0] : id);
      return parseTsv(await readText(file, ORIGIN), file).flatMap(({ line, values: [id, rating, text] }) => {
        const value = Number(rating);
        if (text === undefined || rating.trim() === '' || !(Math.abs(value) <= 4)) {
          throw fileError(
            file,
            line,
            `is not an id, a rating from −4 to 4 and a text, but "${[id, rating].join('", "')}".`,
          );
        }
        const isTest = held.has(unitOf(id));
        return isTest === (split === 'test') ? [{ id: `${source}/${id}`, source, text, rating: value }] : [];
      });
    }),
  );
  return parts.flat();
}

interface SplitFile {
  readonly unit: Readonly<Record<string, string>>;
  readonly test: Readonly<Record<string, readonly string[]>>;
}

function parseSplit(text: string, file: string): SplitFile {
  try {
    const split = JSON.parse(text) as SplitFile;
    if (vaderSources.every((source) => split.unit[source] !== undefined && Array.isArray(split.test[source])))
      return split;
  } catch (cause) {
    throw new DatasetError(`${file}: is no JSON: ${messageOf(cause)}`, {
      cause,
    });
  }
  throw new DatasetError(`${file}: lacks "unit" or "test" of one of ${vaderSources.join(', ')}.`);
}
