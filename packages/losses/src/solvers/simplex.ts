/** The nearest point of { w >= 0, sum w = 1 }. */
export function projectOntoSimplex(v: ArrayLike<number>): Float64Array {
  const descending = Float64Array.from(v).sort().reverse();
  let sum = 0;
  let shift = 0;
  descending.forEach((value, k) => {
    sum += value;
    if (value * (k + 1) > sum - 1) shift = (sum - 1) / (k + 1);
  });
  return Float64Array.from(v, (value) => Math.max(value - shift, 0));
}

/** The present tasks' part of weights on the simplex, as weights on a simplex of their own. */
export function restrict(weights: readonly number[], tasks: readonly number[]): Float64Array {
  const share = tasks.reduce((sum, task) => sum + weights[task]!, 0);
  return Float64Array.from(tasks, (task) => (share > 0 ? weights[task]! / share : 1 / tasks.length));
}

/** Puts `part` back in the places of the present tasks, which keep the share of the simplex that they had. */
export function replaceShare(
  weights: readonly number[],
  tasks: readonly number[],
  part: Float64Array,
): number[] {
  const share = tasks.reduce((sum, task) => sum + weights[task]!, 0);
  const next = [...weights];
  tasks.forEach((task, k) => {
    next[task] = part[k]! * share;
  });
  return next;
}
