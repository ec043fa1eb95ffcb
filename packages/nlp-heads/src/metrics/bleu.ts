import { countMatches, countNGrams, total } from './n-grams.js';

const ORDERS = [1, 2, 3, 4];

/**
 * BLEU of a corpus, from 0 to 100, equal to sacreBLEU's with its own settings (tokenizer 13a, mixed case, exponential
 * smoothing): the signature `case:mixed|eff:no|tok:13a|smooth:exp`.
 *
 * M. Post, "A Call for Clarity in Reporting BLEU Scores", WMT 2018; K. Papineni et al., "BLEU", ACL 2002.
 *
 * @param references one or several right translations of every sentence.
 */
export function bleu(hypotheses: readonly string[], references: readonly (readonly string[])[]): number {
  const matches = ORDERS.map(() => 0);
  const totals = ORDERS.map(() => 0);
  let [length, referenceLength] = [0, 0];
  for (const [index, hypothesis] of hypotheses.entries()) {
    const tokens = tokenize13a(hypothesis);
    const known = references[index].map(tokenize13a);
    length += tokens.length;
    referenceLength += closestLength(tokens.length, known);
    for (const [place, order] of ORDERS.entries()) {
      const counts = countNGrams(tokens, order);
      matches[place] += countMatches(counts, mostOfEach(known.map((one) => countNGrams(one, order))));
      totals[place] += total(counts);
    }
  }
  if (matches[0] === 0 || totals.includes(0)) return 0;
  let smoothing = 1;
  const logPrecisions = ORDERS.map((_, place) => {
    if (matches[place] > 0) return Math.log((100 * matches[place]) / totals[place]);
    // Each order without a match counts half as much as the one before.
    smoothing *= 2;
    return Math.log(100 / (smoothing * totals[place]));
  });
  const brevity = length < referenceLength ? 1 - referenceLength / length : 0;
  return Math.exp(brevity + logPrecisions.reduce((sum, value) => sum + value, 0) / ORDERS.length);
}

/** The tokens of `mteval-v13a`, as sacreBLEU's tokenizer 13a gives them. */
function tokenize13a(text: string): string[] {
  const plain = text
    .trimEnd()
    .replaceAll('<skipped>', '')
    .replaceAll('-\n', '')
    .replaceAll('\n', ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
  return ` ${plain} `
    .replace(/([{-~[-` -&(-+:-@/])/g, ' $1 ')
    .replace(/([^0-9])([.,])/gu, '$1 $2 ')
    .replace(/([.,])([^0-9])/gu, ' $1 $2')
    .replace(/([0-9])(-)/g, '$1 $2 ')
    .split(/\s+/)
    .filter((token) => token !== '');
}

/** Of several references the length that is closest, and of two the shorter. */
function closestLength(length: number, references: readonly (readonly string[])[]): number {
  const lengths = references.map((tokens) => tokens.length);
  return lengths.sort((a, b) => Math.abs(a - length) - Math.abs(b - length) || a - b)[0];
}

function mostOfEach(counts: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const most = new Map<string, number>();
  for (const one of counts) {
    for (const [key, count] of one) most.set(key, Math.max(count, most.get(key) ?? 0));
  }
  return most;
}
