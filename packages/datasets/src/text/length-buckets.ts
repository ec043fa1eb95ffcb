/**
 * Lengths to pad to, the shortest first: as few as it takes for padding to be at most a part of what is computed in each.
 * A batch of examples from one bucket is then computed at one of a few lengths, which programs can be made for.
 *
 * @param lengths those of the examples, each from 1.
 * @param waste the part that may be padding; 0.15 unless given.
 */
export function lengthBuckets(lengths: Iterable<number>, waste = 0.15): number[] {
  const counts = new Map<number, number>();
  for (const length of lengths) counts.set(length, (counts.get(length) ?? 0) + 1);
  const edges: number[] = [];
  let [examples, tokens] = [0, 0];
  for (const [length, count] of [...counts].sort(([a], [b]) => b - a)) {
    const [more, moreTokens] = [examples + count, tokens + count * length];
    const fits = edges.length > 0 && 1 - moreTokens / (more * edges[0]) <= waste;
    if (!fits) edges.unshift(length);
    [examples, tokens] = fits ? [more, moreTokens] : [count, count * length];
  }
  return edges;
}

/** The least of the lengths that an example fits in; its own where it is longer than all. */
export function bucketOf(length: number, buckets: readonly number[]): number {
  return buckets.find((edge) => length <= edge) ?? length;
}
