import { fileError } from './file-error.js';
import { linesOf } from './lines.js';

/** A word of a sentence in CoNLL-U; fields that are `_` are `undefined`. */
export interface ConlluWord {
  readonly form: string;
  readonly lemma: string | undefined;
  readonly upos: string | undefined;
  readonly xpos: string | undefined;
  /** The number of the word that it depends on, from 1; 0 is the root. */
  readonly head: number | undefined;
  readonly relation: string | undefined;
  readonly features: ReadonlyMap<string, string>;
  /** The last column, such as `SpaceAfter=No` or, in Universal NER, `NER=B-PER`. */
  readonly misc: ReadonlyMap<string, string>;
}

export interface ConlluSentence {
  readonly id: string | undefined;
  readonly text: string | undefined;
  readonly words: readonly ConlluWord[];
  /** The line of each word in the file. */
  readonly lines: readonly number[];
}

const COLUMNS = 10;

/**
 * Sentences in CoNLL-U, without multiword ranges (`3-4`) and empty nodes (`8.1`), which are no words.
 * universaldependencies.org/format.html
 *
 * @param file its name, for errors.
 * @throws DatasetError naming file and line: another number of columns, words out of order, an empty form, a field of
 * `misc` or `features` twice.
 */
export function parseConllu(text: string, file: string): ConlluSentence[] {
  const sentences: ConlluSentence[] = [];
  let comments = new Map<string, string>();
  let words: ConlluWord[] = [];
  let lines: number[] = [];
  const finish = () => {
    if (words.length > 0) {
      sentences.push({ id: comments.get('sent_id'), text: comments.get('text'), words, lines });
    }
    comments = new Map();
    words = [];
    lines = [];
  };
  for (const [index, content] of linesOf(text).entries()) {
    const line = index + 1;
    if (content.trim() === '') finish();
    else if (content.startsWith('#')) {
      const comment = /^#\s*(\S+)\s*=\s*(.*)$/.exec(content);
      if (comment !== null) comments.set(comment[1], comment[2]);
    } else {
      const fields = content.split('\t');
      if (fields.length !== COLUMNS) {
        throw fileError(
          file,
          line,
          `has ${fields.length} columns; CoNLL-U has ${COLUMNS}, with tabs between.`,
        );
      }
      if (isNoWord(fields[0], words.length, file, line)) continue;
      words.push(parseWord(fields, file, line));
      lines.push(line);
    }
  }
  finish();
  return sentences;
}

/** Ranges and empty nodes are checked, and left out. */
function isNoWord(id: string, before: number, file: string, line: number): boolean {
  const [, first, rest] = /^(\d+)((?:-\d+|\.\d+)?)$/.exec(id) ?? [];
  const isInOrder = rest?.startsWith('.') ? Number(first) === before : Number(first) === before + 1;
  const isRange = rest?.startsWith('-') === true;
  if (first === undefined || !isInOrder || (isRange && Number(rest.slice(1)) < before + 1)) {
    throw fileError(file, line, `has the id "${id}"; expected ${before + 1}, the number of the next word.`);
  }
  return rest !== '';
}

function parseWord(fields: readonly string[], file: string, line: number): ConlluWord {
  const [, form, lemma, upos, xpos, features, head, relation, , misc] = fields;
  if (form === '') throw fileError(file, line, 'has an empty form; expected a word.');
  const isNumber = /^\d+$/.test(head);
  if (!isNumber && head !== '_') {
    throw fileError(file, line, `has the head "${head}"; expected the number of a word, 0 or _.`);
  }
  // Of the words _ and of their lemma the underscore may be meant.
  const known = (field: string) => (field === '_' ? undefined : field);
  return {
    form,
    lemma: form === '_' ? lemma : known(lemma),
    upos: known(upos),
    xpos: known(xpos),
    head: isNumber ? Number(head) : undefined,
    relation: known(relation),
    features: parsePairs(features, file, line),
    misc: parsePairs(misc, file, line),
  };
}

function parsePairs(field: string, file: string, line: number): Map<string, string> {
  const pairs = new Map<string, string>();
  if (field === '_') return pairs;
  for (const pair of field.split('|')) {
    const [name, ...value] = pair.split('=');
    if (pairs.has(name)) throw fileError(file, line, `has "${name}" twice in "${field}".`);
    pairs.set(name, value.join('='));
  }
  return pairs;
}
