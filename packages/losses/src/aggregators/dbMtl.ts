import { combine, defineJacobian, type JacobianAggregator } from '../aggregator.js';
import { nonNegative } from '../check.js';
import { ContextError, InputError } from '../errors.js';
import { dot } from '../vector.js';
import type { TaskState } from '../weighting.js';

export interface DbMtlOptions {
  /** How much of the last average stays: beta / step^betaSigma. */
  readonly beta?: number;
  readonly betaSigma?: number;
}

export interface DbMtlState extends TaskState {
  /** Of each task: how many steps it has taken part in, and its averaged gradient. */
  readonly steps: readonly number[];
  readonly averaged: readonly (readonly number[] | null)[];
}

/**
 * Dual balancing. Loss side: the gradients of ln L_i, which are g_i / L_i (`context.losses`), averaged over steps:
 * a_i = g_i / L_i + beta (a_i - g_i / L_i) from a_i = 0. Gradient side: all brought to the largest norm:
 * d = max_j |a_j| sum_i a_i / |a_i|.
 *
 * arXiv 2308.12029. Published code adds 1e-8 to losses and norms. The state is as large as the Jacobian.
 */
export function dbMtl({ beta = 0.9, betaSigma = 0.5 }: DbMtlOptions = {}): JacobianAggregator<DbMtlState> {
  if (!(beta >= 0 && beta <= 1)) throw new InputError('dbMtl', 'beta in [0, 1]', beta);
  nonNegative('dbMtl', 'betaSigma', [betaSigma]);
  return defineJacobian<DbMtlState>({
    name: 'dbMtl',
    init: (tasks) => ({
      tasks,
      steps: new Array<number>(tasks).fill(0),
      averaged: new Array<null>(tasks).fill(null),
    }),
    step(state, { tasks, rows, width }, { losses }) {
      if (!losses) throw new ContextError('dbMtl', 'context.losses', losses);
      const steps = [...state.steps];
      const averaged = [...state.averaged];
      const present = tasks.map((task, k) => {
        const loss = losses[task];
        if (!(loss !== undefined && loss > 0 && Number.isFinite(loss)))
          throw new InputError('dbMtl', `a loss above 0 of task ${task}`, loss);
        steps[task]! += 1;
        const kept = beta / steps[task]! ** betaSigma;
        const before = averaged[task];
        const average = Array.from(
          rows[k]!,
          (g, c) => g / loss + kept * ((before ? before[c]! : 0) - g / loss),
        );
        averaged[task] = average;
        return average;
      });
      const norms = present.map((row) => Math.sqrt(dot(row, row)));
      const largest = Math.max(...norms);
      const factors = norms.map((norm) => (norm > 0 ? largest / norm : 0));
      return {
        direction: combine(present, factors, width),
        state: { ...state, steps, averaged },
        residual: 0,
      };
    },
  });
}
