import { fileError } from './file-error.js';
import { linesOf } from './lines.js';

/** Where a column's value stands, counted from 0, by the column's name. */
export type Columns = Readonly<Record<string, number>>;

/** One list a column, one value a token. */
export type ColumnSentence<C extends Columns> = { readonly [Name in keyof C]: readonly string[] };

/**
 * Sentences in columns, as in CoNLL-2000 to 2003: a token a line, with spaces or tabs between its values, and empty
 * lines between sentences. `-DOCSTART-` lines and lines that begin with `# ` are left out.
 *
 * @example `parseConllColumns(text, 'train.txt', { token: 0, pos: 1, ner: 3 })`
 * @throws DatasetError naming file and line where a column is missing or lines differ in their number.
 */
export function parseConllColumns<const C extends Columns>(
  text: string,
  file: string,
  columns: C,
): ColumnSentence<C>[] {
  const names: (keyof C & string)[] = Object.keys(columns);
  const sentences: Record<keyof C, string[]>[] = [];
  const empty = () =>
    Object.fromEntries(names.map((name) => [name, [] as string[]])) as Record<keyof C, string[]>;
  let sentence = empty();
  let width: number | undefined;
  const finish = () => {
    if (sentence[names[0]].length > 0) sentences.push(sentence);
    sentence = empty();
  };
  for (const [index, content] of linesOf(text).entries()) {
    if (content.trim() === '' || content.startsWith('-DOCSTART-')) {
      finish();
      continue;
    }
    if (content.startsWith('# ')) continue;
    const values = content.trim().split(content.includes('\t') ? '\t' : /\s+/);
    width ??= values.length;
    if (values.length !== width) {
      throw fileError(file, index + 1, `has ${values.length} columns; the lines before have ${width}.`);
    }
    for (const name of names) {
      const value = values[columns[name]];
      if (value === undefined) {
        throw fileError(
          file,
          index + 1,
          `has ${width} columns; "${name}" was said to be in column ${columns[name]}, from 0.`,
        );
      }
      sentence[name].push(value);
    }
  }
  finish();
  return sentences;
}
