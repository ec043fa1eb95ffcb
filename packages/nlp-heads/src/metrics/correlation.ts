/**
 * Pearson's correlation of two lists of numbers, from −1 to 1. Equal to SciPy's `pearsonr`; where one of the lists is
 * constant, and the correlation undefined, 0.
 */
export function pearson(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const [a, b] = [deviations(first), deviations(second)];
  const scale = norm(a) * norm(b);
  if (scale === 0) return 0;
  const correlation = a.reduce((sum, value, index) => sum + value * b[index], 0) / scale;
  return Math.min(Math.max(correlation, -1), 1);
}

/**
 * Spearman's rank correlation of two lists of numbers, from −1 to 1; equal values share the mean of their ranks. Equal
 * to SciPy's `spearmanr`; where one of the lists is constant, 0.
 */
export function spearman(first: ArrayLike<number>, second: ArrayLike<number>): number {
  return pearson(ranks(first), ranks(second));
}

function deviations(values: ArrayLike<number>): number[] {
  const list = Array.from(values);
  // Of equal numbers the rounded mean may be another number, and their deviations not zero.
  if (list.every((value) => value === list[0])) return list.map(() => 0);
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  return list.map((value) => value - mean);
}

function norm(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
}

function ranks(values: ArrayLike<number>): number[] {
  const order = Array.from(values, (_, index) => index).sort((a, b) => values[a] - values[b]);
  const result: number[] = [];
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (const index of order.slice(start, end)) result[index] = (start + end + 1) / 2;
    start = end;
  }
  return result;
}
