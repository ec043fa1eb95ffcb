/** What stands for padding. */
const PADDING = 0;
/** What stands for everything that is not in a vocabulary. */
export const UNKNOWN = 1;

/** Pieces of text by number: 0 is padding, 1 what is not known, and the pieces begin at 2, the most frequent first. */
export class Vocabulary {
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(
    /** The pieces, in the order of their numbers. */
    readonly pieces: readonly string[],
  ) {
    this.#numbers = new Map(pieces.map((piece, place) => [piece, place + UNKNOWN + 1]));
  }

  /** The largest number that it gives. */
  get size(): number {
    return this.pieces.length + UNKNOWN;
  }

  /** The number of a piece; 1 if it is not known. */
  numberOf(piece: string): number {
    return this.#numbers.get(piece) ?? UNKNOWN;
  }

  /** The piece of a number; `undefined` for padding and what is not known. */
  pieceOf(number: number): string | undefined {
    return number === PADDING ? undefined : this.pieces[number - UNKNOWN - 1];
  }
}

/**
 * The vocabulary of the pieces that occur at least so often, in the order of frequency, equal ones in that of code
 * units: the same on every machine.
 *
 * @param options.known are in it however often they occur, and if they do not.
 */
export function countVocabulary(
  pieces: Iterable<string>,
  { least = 1, known = [] }: { readonly least?: number; readonly known?: Iterable<string> } = {},
): Vocabulary {
  const always = new Set(known);
  const counts = new Map([...always].map((piece) => [piece, 0]));
  for (const piece of pieces) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  const kept = [...counts].filter(([piece, count]) => count >= least || always.has(piece));
  return new Vocabulary(
    kept.sort(([a, first], [b, second]) => second - first || (a < b ? -1 : 1)).map(([piece]) => piece),
  );
}
