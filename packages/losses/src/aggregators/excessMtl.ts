import { combine, defineJacobian, type JacobianAggregator } from '../aggregator.js';
import { above } from '../check.js';
import { replaceShare, restrict } from '../solvers/simplex.js';
import { softmax } from '../vector.js';
import type { TaskState } from '../weighting.js';

export interface ExcessMtlOptions {
  /** How fast weight moves to the tasks with more left to gain. */
  readonly stepSize?: number;
}

export interface ExcessMtlState extends TaskState {
  /** The sum of squared gradients of each task, coordinate by coordinate; null before its first. */
  readonly squares: readonly (readonly number[] | null)[];
  /** The first excess risk of each task. */
  readonly initial: readonly (number | null)[];
  readonly weights: readonly number[];
}

/**
 * Robust weights by excess risk: e_i = sum_c g_ic^2 / h_ic, h_ic = sqrt(sum of g_ic^2 so far), estimates how far a
 * task is from its optimum; e_i is divided by its first value, w_i *= exp(stepSize e_i), w is normalised to sum 1,
 * and d = J^T w. A label noise that cannot be learned does not attract weight.
 *
 * arXiv 2402.02009. The authors' code normalises to sum T and adds 1e-7 under the root. The state is as large as the
 * Jacobian.
 */
export function excessMtl({ stepSize = 0.01 }: ExcessMtlOptions = {}): JacobianAggregator<ExcessMtlState> {
  above('excessMtl', 'stepSize', stepSize, 0);
  return defineJacobian<ExcessMtlState>({
    name: 'excessMtl',
    init: (tasks) => ({
      tasks,
      squares: new Array<null>(tasks).fill(null),
      initial: new Array<null>(tasks).fill(null),
      weights: new Array<number>(tasks).fill(1 / tasks),
    }),
    step(state, { tasks, rows, width }) {
      const squares = [...state.squares];
      const initial = [...state.initial];
      const excess = tasks.map((task, k) => {
        const before = squares[task];
        const total = Array.from(rows[k]!, (g, c) => (before ? before[c]! : 0) + g * g);
        squares[task] = total;
        const risk = total.reduce(
          (sum, square, c) => sum + (square > 0 ? rows[k]![c]! ** 2 / Math.sqrt(square) : 0),
          0,
        );
        if (risk > 0) initial[task] ??= risk;
        return risk > 0 ? risk / initial[task]! : 0;
      });
      const before = restrict(state.weights, tasks);
      const weights = softmax(before.map((weight, k) => Math.log(weight) + stepSize * excess[k]!));
      return {
        direction: combine(rows, weights, width),
        state: { ...state, squares, initial, weights: replaceShare(state.weights, tasks, weights) },
        residual: 0,
      };
    },
  });
}
