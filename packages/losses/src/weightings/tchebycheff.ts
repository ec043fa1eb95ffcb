import { finite, perTask, preferences } from '../check.js';
import { statelessWeighting, type Weighting } from '../weighting.js';

export interface TchebycheffOptions {
  /** The preference of each task, non-negative, of sum 1; default: all alike. */
  readonly weights?: readonly number[];
  /** The best loss each task can have; default 0. */
  readonly ideal?: readonly number[];
}

/** lambda_i (L_i - z_i) of the present tasks, and their lambda_i. */
export function preferredGaps(method: string, { weights, ideal }: TchebycheffOptions) {
  if (weights) preferences(method, 'weights', weights);
  if (ideal) finite(method, 'ideal', ideal);
  return (tasks: readonly number[], losses: Float64Array, count: number) => {
    if (weights) perTask(method, 'weights', weights, count);
    if (ideal) perTask(method, 'ideal', ideal, count);
    const lambda = Float64Array.from(tasks, (task) => weights?.[task] ?? 1 / count);
    return { lambda, gaps: losses.map((loss, k) => loss - (ideal?.[tasks[k]!] ?? 0)) };
  };
}

/**
 * max_i lambda_i (L_i - z_i): only the worst task is trained. The weights are the subgradient lambda_k e_k at the
 * first maximiser k. Its minima, over all preferences, are the whole Pareto front. Bowman 1976.
 */
export function tchebycheff(options: TchebycheffOptions = {}): Weighting {
  const measure = preferredGaps('tchebycheff', options);
  return statelessWeighting('tchebycheff', ({ tasks, losses }, _context, count) => {
    const { lambda, gaps } = measure(tasks, losses, count);
    const terms = gaps.map((gap, k) => lambda[k]! * gap);
    const worst = terms.indexOf(Math.max(...terms));
    return { value: terms[worst]!, weights: lambda.map((value, k) => (k === worst ? value : 0)) };
  });
}
