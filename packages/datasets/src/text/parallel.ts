import { DatasetError } from '../errors.js';
import { fileError } from './file-error.js';
import { linesOf } from './lines.js';

/** A sentence and its translation. */
export interface SentencePair {
  readonly source: string;
  readonly target: string;
}

interface TextFile {
  readonly text: string;
  readonly file: string;
}

/**
 * Two files whose lines are translations of each other.
 *
 * @throws DatasetError when one file has more lines, or a line is empty in one of them only.
 */
export function parseParallel(source: TextFile, target: TextFile): SentencePair[] {
  const [sources, targets] = [linesOf(source.text), linesOf(target.text)];
  if (sources.length !== targets.length) {
    throw new DatasetError(
      `${source.file} has ${sources.length} lines and ${target.file} ${targets.length}; expected a translation for each.`,
    );
  }
  return sources.flatMap((text, index) => {
    const translation = targets[index];
    const [isEmpty, isOtherEmpty] = [text.trim() === '', translation.trim() === ''];
    if (isEmpty && isOtherEmpty) return [];
    if (isEmpty || isOtherEmpty) {
      const [empty, other] = isEmpty ? [source, target] : [target, source];
      throw fileError(empty.file, index + 1, `is empty, but its translation in ${other.file} is not.`);
    }
    return [{ source: text, target: translation }];
  });
}
