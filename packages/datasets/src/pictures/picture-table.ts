import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BadExamples, type OnBadExample } from '../bad-examples.js';
import { DatasetError } from '../errors.js';
import { parseCsv } from '../text/delimited.js';
import { decodePicture } from './decode-picture.js';
import type { Picture } from './picture.js';

export interface PictureTableOptions<Column extends string, Value> {
  /** A CSV file (RFC 4180) whose first line names the columns. */
  readonly file: string;
  /** The column that names pictures, relative to the CSV file's folder; `file` unless given. */
  readonly pictureColumn?: string;
  /** The columns that are read. */
  readonly columns: readonly Column[];
  /**
   * Turns the text of a line into what is learned; `undefined` leaves the line out, as one of another part would be.
   *
   * @throws DatasetError when the line makes no sense; the message says what is wrong, and not where.
   */
  readonly read: (line: Readonly<Record<Column, string>>) => Value | undefined;
  /** The size that pictures are decoded to; sides are stretched to it. */
  readonly width: number;
  readonly height: number;
  /** The channels that pictures have to have: 1 for grey, 3 for colour; 3 unless given. */
  readonly channels?: 1 | 3;
  /** `throw` unless given. */
  readonly onBadExample?: OnBadExample;
}

/** A picture and what its line says. */
export interface PictureRow<Value> {
  readonly file: string;
  readonly picture: Picture;
  readonly value: Value;
}

/**
 * Reads the pictures that a CSV file names, with their labels.
 *
 * An example is bad when its line makes no sense, or its picture is missing, cannot be decoded, is animated, or has
 * other channels.
 *
 * @throws DatasetError when the file cannot be read or lacks a column, no line is left, or there is a bad example where
 * `onBadExample` is `throw`.
 */
export async function readPictureTable<Column extends string, Value>({
  file,
  pictureColumn = 'file',
  columns,
  read,
  onBadExample = 'throw',
  ...decoding
}: PictureTableOptions<Column, Value>): Promise<readonly PictureRow<Value>[]> {
  const lines = await readLines(file, [pictureColumn, ...columns]);
  const bad = new BadExamples(onBadExample);
  const rows: PictureRow<Value>[] = [];
  for (const { record, line } of lines) {
    const where = `${file}:${line}`;
    try {
      const value = read(record as Record<Column, string>);
      if (value === undefined) continue;
      const path = join(dirname(file), record[pictureColumn]);
      rows.push({ file: path, picture: await decodePicture(path, decoding), value });
    } catch (cause) {
      if (!(cause instanceof DatasetError)) throw cause;
      bad.add(where, cause.message, record[pictureColumn], cause.cause);
    }
  }
  bad.report(file, lines.length);
  if (rows.length === 0) throw new DatasetError(`${file}: names no example that can be read.`);
  return rows;
}

/**
 * The lines of a CSV file whose first line names the columns.
 *
 * @throws DatasetError when the file cannot be read or lacks a column.
 */
export async function readLines(file: string, columns: readonly string[]) {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new DatasetError(`${file}: cannot be read.`, { cause });
  }
  const [head, ...rows] = parseCsv(text, file);
  const names = head?.values ?? [];
  const missing = columns.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw new DatasetError(`${file}:1: has no column ${missing.join(', ')}; found ${names.join(', ')}.`);
  }
  return rows.map(({ line, values }) => ({
    line,
    record: Object.fromEntries(names.map((name, index) => [name, values[index]])),
  }));
}
