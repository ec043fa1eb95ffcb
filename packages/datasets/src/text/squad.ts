import { DatasetError } from '../errors.js';
import { parseJson } from './parse-json.js';

/** A question about a paragraph. */
export interface SquadQuestion {
  readonly id: string;
  readonly article: string;
  readonly context: string;
  readonly question: string;
  /** Where people found the answer; none where it has none. `start` counts UTF-16 code units of `context`. */
  readonly answers: readonly { readonly text: string; readonly start: number }[];
}

/**
 * Questions in the JSON format of SQuAD 1.1 and 2.0. Its offsets count characters (code points); here they count as
 * JavaScript's strings do.
 *
 * @param isWanted takes only some of the file's articles, by their number from 0.
 * @throws DatasetError naming file and question: what is not SQuAD's format, an id twice, an answer that is not where it
 * is said to be.
 */
export function parseSquad(
  text: string,
  file: string,
  isWanted: (article: number) => boolean = () => true,
): SquadQuestion[] {
  const root = parseJson(text, file);
  const ids = new Set<string>();
  const questions: SquadQuestion[] = [];
  for (const article of list(root, 'data', file).filter((_, index) => isWanted(index))) {
    for (const paragraph of list(article, 'paragraphs', file)) {
      const context = string(paragraph, 'context', file);
      // Offsets of astral characters differ between the two ways of counting.
      const characters = Array.from(context);
      for (const entry of list(paragraph, 'qas', file)) {
        const id = string(entry, 'id', file);
        if (ids.has(id)) throw new DatasetError(`${file}: question "${id}" is there twice.`);
        ids.add(id);
        const answers = list(entry, 'answers', file).map((answer) => {
          const own = string(answer, 'text', file);
          const start = characters.slice(0, number(answer, 'answer_start', file)).join('').length;
          if (context.startsWith(own, start)) return { text: own, start };
          throw new DatasetError(
            `${file}: question "${id}" has the answer "${own}", but at its place the paragraph says ` +
              `"${context.slice(start, start + own.length)}".`,
          );
        });
        questions.push({
          id,
          article: String(field(article, 'title') ?? ''),
          context,
          question: string(entry, 'question', file),
          answers,
        });
      }
    }
  }
  return questions;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function list(value: unknown, name: string, file: string): readonly unknown[] {
  const found = field(value, name);
  if (Array.isArray(found)) return found;
  throw wrong(name, 'a list', found, file);
}

function string(value: unknown, name: string, file: string): string {
  const found = field(value, name);
  if (typeof found === 'string') return found;
  throw wrong(name, 'text', found, file);
}

function number(value: unknown, name: string, file: string): number {
  const found = field(value, name);
  if (Number.isInteger(found) && Number(found) >= 0) return Number(found);
  throw wrong(name, 'a whole number from 0', found, file);
}

function wrong(name: string, expected: string, found: unknown, file: string): DatasetError {
  return new DatasetError(
    `${file}: is not in SQuAD's format: "${name}" is ${JSON.stringify(found) ?? 'missing'}; expected ${expected}.`,
  );
}
