import { CsvError, parse } from 'csv-parse/sync';
import { messageOf } from '../errors.js';
import { fileError } from './file-error.js';
import { linesOf } from './lines.js';

/** A row and the line that it begins at. */
export interface Row<Value> {
  readonly line: number;
  readonly values: Value;
}

/** Comma-separated values with quotes (RFC 4180). Every row has as many values as the first. */
export function parseCsv(text: string, file: string): Row<readonly string[]>[] {
  try {
    const records = parse(text, { bom: true, info: true, skip_empty_lines: true }) as unknown as {
      readonly record: string[];
      readonly info: { readonly lines: number };
    }[];
    let end = 0;
    return records.map(({ record, info }) => {
      const line = end + 1;
      end = info.lines;
      return { line, values: record };
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw fileError(file, Number(cause.lines ?? 1), `is no CSV: ${cause.message}`, { cause });
  }
}

/**
 * Tab-separated values, in which quotes mean nothing.
 *
 * @throws DatasetError naming file and line where a row has another number of values than the first.
 */
export function parseTsv(text: string, file: string): Row<readonly string[]>[] {
  const rows = linesOf(text).flatMap((content, index) =>
    content === '' ? [] : [{ line: index + 1, values: content.split('\t') }],
  );
  for (const { line, values } of rows) {
    if (values.length === rows[0].values.length) continue;
    throw fileError(file, line, `has ${values.length} values; the first row has ${rows[0].values.length}.`);
  }
  return rows;
}

/**
 * One JSON object a line.
 *
 * @throws DatasetError naming file and line of what is no JSON, or no object.
 */
export function parseJsonl(text: string, file: string): Row<Readonly<Record<string, unknown>>>[] {
  return linesOf(text).flatMap((content, index) => {
    if (content.trim() === '') return [];
    const line = index + 1;
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch (cause) {
      throw fileError(file, line, `is no JSON: ${messageOf(cause)}`, { cause });
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw fileError(file, line, 'is no JSON object; expected one a line.');
    }
    return [{ line, values: value as Readonly<Record<string, unknown>> }];
  });
}
