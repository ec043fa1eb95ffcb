import { countMatches, countNGrams, total } from './n-grams.js';

const ORDERS = [1, 2, 3, 4, 5, 6];
/** Recall counts this many times as much as precision. */
const BETA = 2;

interface Counts {
  readonly found: number;
  readonly existing: number;
  readonly matches: number;
}

/**
 * chrF2 of a corpus, from 0 to 100: F of character n-grams up to six, white space left out. Equal to sacreBLEU's with
 * its own settings: the signature `case:mixed|eff:yes|nc:6|nw:0|space:no`.
 *
 * M. Popović, "chrF: character n-gram F-score for automatic MT evaluation", WMT 2015.
 *
 * @param references one or several right translations of every sentence; the closest counts.
 */
export function chrf(hypotheses: readonly string[], references: readonly (readonly string[])[]): number {
  let sums = ORDERS.map((): Counts => ({ found: 0, existing: 0, matches: 0 }));
  for (const [index, hypothesis] of hypotheses.entries()) {
    const candidates = references[index].map((reference) => compare(hypothesis, reference));
    const best = candidates.reduce((a, b) => (score(b) > score(a) ? b : a));
    sums = sums.map(({ found, existing, matches }, order) => ({
      found: found + best[order].found,
      existing: existing + best[order].existing,
      matches: matches + best[order].matches,
    }));
  }
  return score(sums);
}

function compare(hypothesis: string, reference: string): Counts[] {
  const [own, known] = [characters(hypothesis), characters(reference)];
  return ORDERS.map((order) => {
    const [counts, others] = [countNGrams(own, order), countNGrams(known, order)];
    const existing = total(others);
    return {
      found: existing === 0 ? 0 : total(counts),
      existing,
      matches: countMatches(counts, others),
    };
  });
}

/** Means over the orders that both texts are long enough for. */
function score(counts: readonly Counts[]): number {
  const used = counts.filter(({ found, existing }) => found > 0 && existing > 0);
  if (used.length === 0) return 0;
  const precision = used.reduce((sum, { matches, found }) => sum + matches / found, 0) / used.length;
  const recall = used.reduce((sum, { matches, existing }) => sum + matches / existing, 0) / used.length;
  if (precision + recall === 0) return 0;
  return (100 * (1 + BETA ** 2) * precision * recall) / (BETA ** 2 * precision + recall);
}

function characters(text: string): string[] {
  return Array.from(text.replace(/\s+/gu, ''));
}
