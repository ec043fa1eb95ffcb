/** How often every run of `order` pieces occurs; the runs' pieces are joined by a character that no text has. */
export function countNGrams(pieces: readonly string[], order: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let start = 0; start + order <= pieces.length; start++) {
    const key = pieces.slice(start, start + order).join('\u{10ffff}');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** How many runs two counts have in common, each as often as the rarer of the two. */
export function countMatches(
  first: ReadonlyMap<string, number>,
  second: ReadonlyMap<string, number>,
): number {
  let matches = 0;
  for (const [key, count] of first) matches += Math.min(count, second.get(key) ?? 0);
  return matches;
}

export function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
