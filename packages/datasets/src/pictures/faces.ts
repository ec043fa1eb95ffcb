import { join } from 'node:path';
import type { OnBadExample } from '../bad-examples.js';
import { DatasetError } from '../errors.js';
import type { Picture } from './picture.js';
import { readLines, readPictureTable } from './picture-table.js';

/** The expressions that the pictures are labelled with. */
export const faceExpressions = ['neutral', 'happiness', 'surprise'] as const;

/** A picture of somebody's face. */
export interface FacePicture {
  readonly file: string;
  readonly picture: Picture;
  /** A place in the set's `people`. */
  readonly person: number;
  /** A place in `faceExpressions`. */
  readonly expression: number;
}

export interface FaceSet {
  /** The same in both parts, by name. */
  readonly people: readonly string[];
  readonly pictures: readonly FacePicture[];
}

export interface FacesOptions {
  /** Every person is in both. */
  readonly split: 'train' | 'test';
  /** The folder that has the data set's folder; the one that `ESPALIER_DATA` names unless given. */
  readonly data?: string;
  /** `throw` unless given. */
  readonly onBadExample?: OnBadExample;
}

const SOURCE = 'https://github.com/muxspace/facial_expressions';
const SIDE = 64;

/**
 * Faces of people in the news with their expressions (github.com/muxspace/facial_expressions), in `faces/` of the data
 * folder: grey pictures of 64 × 64 pixels, and `labels.csv` with the columns `file`, `identity`, `expression` and `split`.
 * The photographs are not the uploader's: use them to measure methods, and publish none.
 *
 * An example is bad when its expression or part is unknown, its picture cannot be used, or it is its person's only one:
 * who is learned has to be recognized in another picture.
 *
 * @throws DatasetError when it is not there, or there is a bad example where `onBadExample` is `throw`.
 */
export async function faces({
  split,
  data = process.env.ESPALIER_DATA,
  onBadExample = 'throw',
}: FacesOptions): Promise<FaceSet> {
  if (data === undefined) {
    throw new DatasetError(
      `faces is not shipped: get it from ${SOURCE}, and let ESPALIER_DATA name the folder that holds faces/.`,
    );
  }
  const file = join(data, 'faces', 'labels.csv');
  const columns = ['identity', 'expression', 'split'] as const;
  const counts = countPeople(await readLines(file, columns));
  const people = [...counts].flatMap(([person, count]) => (count > 1 ? [person] : [])).sort();
  const rows = await readPictureTable({
    file,
    columns,
    read({ identity, expression, split: part }) {
      if (part !== 'train' && part !== 'test') {
        throw new DatasetError('it belongs to no part that is known, train or test');
      }
      if (part !== split) return undefined;
      const index = faceExpressions.findIndex((known) => known === expression);
      if (index < 0) throw new DatasetError(`its expression is none of ${faceExpressions.join(', ')}`);
      const person = people.indexOf(identity);
      if (person < 0) throw new DatasetError('it is the only picture of its person');
      return { person, expression: index };
    },
    width: SIDE,
    height: SIDE,
    channels: 1,
    onBadExample,
  });
  return { people, pictures: rows.map(({ value, ...row }) => ({ ...row, ...value })) };
}

function countPeople(lines: Awaited<ReturnType<typeof readLines>>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { record } of lines) counts.set(record.identity, (counts.get(record.identity) ?? 0) + 1);
  return counts;
}
