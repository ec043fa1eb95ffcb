import { type EntityMode, entitiesOf } from './entities.js';

/** How many of the entities that were found are right, and how many of the right ones were found, from 0 to 1. */
export interface EntityScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/**
 * Precision, recall and F1 of whole entities over all sentences (micro average). An entity is right when its type, its
 * first and its last token are. Equal to `seqeval.metrics`: the mode `lenient` to its default, `strict` to its
 * `mode='strict', scheme=IOB2`. What has nothing to divide by is 0.
 *
 * E. F. Tjong Kim Sang, F. De Meulder, "Introduction to the CoNLL-2003 Shared Task", 2003, section 2.4.
 *
 * @throws RangeError when a sentence has another number of tags than its labels.
 */
export function entityScores(
  predictions: readonly (readonly string[])[],
  labels: readonly (readonly string[])[],
  mode: EntityMode = 'lenient',
): EntityScores {
  let [found, existing, right] = [0, 0, 0];
  for (const [sentence, tags] of predictions.entries()) {
    checkLengths(tags, labels[sentence], sentence);
    const truth = new Set(keys(labels[sentence], mode));
    const guesses = keys(tags, mode);
    existing += truth.size;
    found += guesses.length;
    right += guesses.filter((key) => truth.has(key)).length;
  }
  return {
    precision: found === 0 ? 0 : right / found,
    recall: existing === 0 ? 0 : right / existing,
    f1: right === 0 ? 0 : (2 * right) / (found + existing),
  };
}

/** @throws RangeError */
export function checkLengths(tags: readonly string[], labels: readonly string[], sentence: number): void {
  if (tags.length === labels.length) return;
  throw new RangeError(
    `Sentence ${sentence} has ${labels.length} labels, and ${tags.length} tags are predicted; expected one a token. ` +
      'Are the features of padding zero, as a head for tokens expects?',
  );
}

function keys(tags: readonly string[], mode: EntityMode): string[] {
  return entitiesOf(tags, mode).map(({ type, start, end }) => `${start} ${end} ${type}`);
}
