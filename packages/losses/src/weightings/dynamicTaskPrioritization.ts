import { nonNegative, perTask } from '../check.js';
import { ContextError, InputError } from '../errors.js';
import { dot } from '../vector.js';
import { defineWeighting, type TaskState, type Weighting } from '../weighting.js';

export interface DynamicTaskPrioritizationOptions {
  /** How much the newest measurement counts in the moving average. */
  readonly alpha?: number;
  /** How strongly easy tasks are left behind, one a task; default 1. */
  readonly gamma?: readonly number[];
}

export interface DynamicTaskPrioritizationState extends TaskState {
  /** The moving average of each task's measurement; null before the first. */
  readonly kpis: readonly (number | null)[];
}

/**
 * Hard tasks first: w_i = -(1 - k_i)^gamma_i ln k_i, k_i the moving average of `context.kpis[i]`, a measurement in
 * (0, 1] such as the accuracy, higher is better. The weight is 0 at k = 1.
 *
 * Guo et al., "Dynamic Task Prioritization for Multitask Learning", ECCV 2018.
 */
export function dynamicTaskPrioritization(
  options: DynamicTaskPrioritizationOptions = {},
): Weighting<DynamicTaskPrioritizationState> {
  const { alpha = 0.7, gamma } = options;
  if (!(alpha > 0 && alpha <= 1)) throw new InputError('dynamicTaskPrioritization', 'alpha in (0, 1]', alpha);
  if (gamma) nonNegative('dynamicTaskPrioritization', 'gamma', gamma);
  return defineWeighting<DynamicTaskPrioritizationState>({
    name: 'dynamicTaskPrioritization',
    init(tasks) {
      if (gamma) perTask('dynamicTaskPrioritization', 'gamma', gamma, tasks);
      return { tasks, kpis: new Array<null>(tasks).fill(null) };
    },
    step(state, { tasks, losses }, context) {
      if (!context.kpis) throw new ContextError('dynamicTaskPrioritization', 'context.kpis', context.kpis);
      const kpis = [...state.kpis];
      for (const task of tasks) {
        const kpi = context.kpis[task];
        if (!(kpi !== undefined && kpi > 0 && kpi <= 1))
          throw new InputError('dynamicTaskPrioritization', `a kpi in (0, 1] of task ${task}`, kpi);
        const before = kpis[task] ?? null;
        kpis[task] = before === null ? kpi : alpha * kpi + (1 - alpha) * before;
      }
      const weights = Float64Array.from(tasks, (task) => {
        const kpi = kpis[task]!;
        return kpi < 1 ? -((1 - kpi) ** (gamma?.[task] ?? 1)) * Math.log(kpi) : 0;
      });
      return { value: dot(weights, losses), weights, state: { ...state, kpis } };
    },
  });
}
