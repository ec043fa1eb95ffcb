/** How texts are searched for. */
export interface SearchOptions {
  /** How many unfinished texts are kept at a time; with 1, each next token is the likeliest (greedy). 4 unless given. */
  readonly beams?: number;
  /** How much longer texts are preferred over shorter ones; 0 for not at all, 0.6 unless given. */
  readonly lengthPenalty?: number;
  /** How much texts are preferred that have looked at every token of the source; 0, not at all, unless given. */
  readonly coveragePenalty?: number;
}

/** A text that was found, in numbers of tokens without its end. */
export interface FoundText {
  readonly numbers: readonly number[];
  /** Its log-probability in nats, with both penalties. */
  readonly score: number;
  /** For every token where the decoder looked, over all tokens of the source. */
  readonly attention: readonly Float32Array[];
}

/** The likeliest next tokens of every row, and where the decoder looks while it says so. */
interface NextTokens {
  /** How many candidates a row has. */
  readonly candidates: number;
  /** [rows, candidates]. */
  readonly numbers: ArrayLike<number>;
  /** Their log-probabilities, [rows, candidates]. */
  readonly logs: ArrayLike<number>;
  /** [rows, tokens of the source]. */
  readonly attention: Float32Array;
}

interface Search extends Required<SearchOptions> {
  /** For every example which of its source's tokens are there, 1 or 0. */
  readonly sources: readonly ArrayLike<number>[];
  /** The number that begins and ends a text. */
  readonly end: number;
  /** How many tokens a text may have, its end included. */
  readonly longest: number;
  /**
   * Writes one more token in every row; an example's `beams` rows stand together.
   *
   * @param numbers the rows' last tokens.
   * @param from the row of the step before that each row goes on from.
   */
  step(numbers: Int32Array, from: Int32Array): Promise<NextTokens>;
}

/** A text that is not finished. */
interface Hypothesis {
  readonly row: number;
  readonly last: number;
  readonly log: number;
  readonly numbers: readonly number[];
  readonly attention: readonly Float32Array[];
}

/**
 * Beam search of one text an example.
 *
 * The penalties are those of Y. Wu et al., "Google's Neural Machine Translation System", 2016, section 7: a text of log
 * probability l and length n scores l / ((5 + n) / 6)^lengthPenalty + coveragePenalty · Σ ln min(1, attention), the sum
 * being over the source's tokens.
 */
export async function beamSearch(search: Search): Promise<FoundText[]> {
  const { sources, beams, longest, end, step } = search;
  const start = (row: number): Hypothesis => ({ row, last: end, log: 0, numbers: [], attention: [] });
  let live = sources.map((_, example) => [start(example * beams)]);
  const finished = sources.map((): FoundText[] => []);
  for (let length = 1; length <= longest && live.some((own) => own.length > 0); length++) {
    const rows = live.flatMap((own, example) =>
      Array.from({ length: beams }, (_, beam) => own[beam] ?? start(example * beams)),
    );
    const next = await step(
      Int32Array.from(rows, ({ last }) => last),
      Int32Array.from(rows, ({ row }) => row),
    );
    live = live.map((own, example) => {
      const candidates = own.flatMap((hypothesis, beam) => goOn(hypothesis, example * beams + beam, next));
      candidates.sort((a, b) => b.log - a.log);
      // What ends among the best is found; as many as there are beams go on.
      const ended = candidates.slice(0, beams).filter(({ last }) => last === end);
      finished[example].push(...ended.map((text) => rated(text, sources[example], search)));
      const going = candidates.filter(({ last }) => last !== end).slice(0, beams);
      if (length === longest && finished[example].length === 0 && going.length > 0) {
        finished[example].push(rated(going[0], sources[example], search));
      }
      return isSettled(finished[example], going, search) ? [] : going;
    });
  }
  return finished.map((texts) => texts.reduce((best, text) => (text.score > best.score ? text : best)));
}

function goOn({ numbers, attention, log }: Hypothesis, row: number, next: NextTokens): Hypothesis[] {
  const width = next.attention.length / (next.numbers.length / next.candidates);
  const looked = next.attention.slice(row * width, (row + 1) * width);
  return Array.from({ length: next.candidates }, (_, candidate) => {
    const place = row * next.candidates + candidate;
    const last = next.numbers[place];
    return {
      row,
      last,
      log: log + next.logs[place],
      numbers: [...numbers, last],
      attention: [...attention, looked],
    };
  });
}

function rated(
  { numbers, attention, log, last }: Hypothesis,
  source: ArrayLike<number>,
  { end, lengthPenalty, coveragePenalty }: Search,
): FoundText {
  const text = last === end ? numbers.slice(0, -1) : numbers;
  let uncovered = 0;
  for (let token = 0; token < source.length && coveragePenalty !== 0; token++) {
    const looked = attention.reduce((sum, own) => sum + own[token], 0);
    if (source[token] > 0) uncovered += Math.log(Math.min(1, Math.max(looked, 1e-9)));
  }
  const score = log / lengthWeight(numbers.length, lengthPenalty) + coveragePenalty * uncovered;
  return { numbers: text, score, attention: attention.slice(0, text.length) };
}

function lengthWeight(length: number, penalty: number): number {
  return ((5 + length) / 6) ** penalty;
}

/** Whether nothing that goes on can become better than what is found: log-probabilities only fall. */
function isSettled(
  found: readonly FoundText[],
  going: readonly Hypothesis[],
  { longest, lengthPenalty }: Search,
): boolean {
  if (going.length === 0) return true;
  const best = Math.max(...found.map(({ score }) => score));
  return best >= going[0].log / lengthWeight(lengthPenalty > 0 ? longest : 1, lengthPenalty);
}
