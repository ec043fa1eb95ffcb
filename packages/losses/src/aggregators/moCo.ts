import { combine, defineJacobian, type JacobianAggregator } from '../aggregator.js';
import { above, nonNegative } from '../check.js';
import { projectOntoSimplex, replaceShare, restrict } from '../solvers/simplex.js';
import { dot } from '../vector.js';
import type { TaskState } from '../weighting.js';

export interface MoCoOptions {
  /** How fast the tracked gradients follow, and how it decays with the step: beta / step^betaSigma. */
  readonly beta?: number;
  readonly betaSigma?: number;
  /** The learning rate of the weights, and how it decays: gamma / step^gammaSigma. */
  readonly gamma?: number;
  readonly gammaSigma?: number;
  /** Regularises the weights towards equal ones. */
  readonly rho?: number;
}

export interface MoCoState extends TaskState {
  readonly step: number;
  /** The tracked gradient of each task; null before its first. */
  readonly tracked: readonly (readonly number[] | null)[];
  readonly lambda: readonly number[];
}

/**
 * MGDA on tracked gradients, which corrects the bias of stochastic ones: y_i += beta (g_i - y_i) from y_i = 0,
 * lambda = the projection of lambda - gamma (Y Y^T + rho I) lambda onto the simplex, d = Y^T lambda.
 *
 * arXiv 2210.12624. LibMTL first scales each gradient to the norm L_i, and takes a softmax instead of the projection.
 * The state is as large as the Jacobian.
 */
export function moCo(options: MoCoOptions = {}): JacobianAggregator<MoCoState> {
  const { beta = 0.5, betaSigma = 0.5, gamma = 0.1, gammaSigma = 0.5, rho = 0 } = options;
  above('moCo', 'beta', beta, 0);
  above('moCo', 'gamma', gamma, 0);
  nonNegative('moCo', 'betaSigma, gammaSigma and rho', [betaSigma, gammaSigma, rho]);
  return defineJacobian<MoCoState>({
    name: 'moCo',
    init: (tasks) => ({
      tasks,
      step: 0,
      tracked: new Array<null>(tasks).fill(null),
      lambda: new Array<number>(tasks).fill(1 / tasks),
    }),
    step(state, { tasks, rows, width }) {
      const step = state.step + 1;
      const rate = beta / step ** betaSigma;
      const y = rows.map((row, k) => {
        const before = state.tracked[tasks[k]!];
        return Array.from(row, (g, c) => {
          const old = before ? before[c]! : 0;
          return old + rate * (g - old);
        });
      });
      const before = restrict(state.lambda, tasks);
      const slope = gamma / step ** gammaSigma;
      const lambda = projectOntoSimplex(
        before.map((value, i) => {
          const product = y.reduce((sum, row, j) => sum + dot(y[i]!, row) * before[j]!, 0);
          return value - slope * (product + rho * value);
        }),
      );
      const tracked = [...state.tracked];
      tasks.forEach((task, k) => {
        tracked[task] = y[k]!;
      });
      return {
        direction: combine(y, lambda, width),
        state: { ...state, step, tracked, lambda: replaceShare(state.lambda, tasks, lambda) },
        residual: 0,
      };
    },
  });
}
