/** Uniform on [0, 1), the same sequence for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Standard normals, the same sequence for the same seed. */
export function normals(seed: number): () => number {
  const random = seeded(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}

/** The standard deviation of the values' logarithms, from their quartiles: interruptions do not move it. */
export function spreadOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => Math.log(sorted[Math.floor(part * (sorted.length - 1))]!);
  return (at(0.75) - at(0.25)) / 1.349;
}

/** `a` beside `b`, measured together. */
export type Pair = readonly [a: number, b: number];

const RESAMPLES = 2000;

/**
 * The ratio of all of a to all of b, and between what it lies in 95 of 100 resamplings of the pairs (B. Efron, R.
 * Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3).
 */
export function ratioOfTotals(pairs: readonly Pair[], seed = 1) {
  const random = seeded(seed);
  const ratioOf = (pick: (index: number) => Pair) => {
    let [ofA, ofB] = [0, 0];
    for (const index of pairs.keys()) {
      const [a, b] = pick(index);
      ofA += a;
      ofB += b;
    }
    return ofA / ofB;
  };
  const resampled = Array.from({ length: RESAMPLES }, () =>
    ratioOf(() => pairs[Math.floor(random() * pairs.length)]!),
  ).sort((a, b) => a - b);
  const [low, high] = [0.025, 0.975].map((part) => resampled[Math.floor(part * RESAMPLES)]!);
  return { ratio: ratioOf((index) => pairs[index]!), low: low!, high: high! };
}
