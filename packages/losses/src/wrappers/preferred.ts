import type { Aggregator, JacobianAggregator, WeightsAggregator } from '../aggregator.js';
import { perTask, preferences } from '../check.js';
import type { TaskState } from '../weighting.js';
import { rescaled } from './rescaled.js';

export interface PreferredOptions {
  /** How much each task counts: non-negative, of sum 1. */
  readonly preference: readonly number[];
}

/**
 * The aggregator on the gradients T p_i g_i: the mean becomes sum_i p_i g_i, and UPGrad and DualProj, whose cone does
 * not depend on the lengths of the gradients, become their preference-weighted forms. Methods that do not depend on
 * the scale of each loss (Nash-MTL) do not change. A task of preference 0 is left out.
 */
export function preferred<State extends TaskState>(
  inner: WeightsAggregator<State>,
  options: PreferredOptions,
): WeightsAggregator<State>;
export function preferred<State extends TaskState>(
  inner: JacobianAggregator<State>,
  options: PreferredOptions,
): JacobianAggregator<State>;
export function preferred<State extends TaskState>(
  inner: Aggregator<State>,
  options: PreferredOptions,
): Aggregator<State>;
export function preferred<State extends TaskState>(
  inner: Aggregator<State>,
  { preference }: PreferredOptions,
): Aggregator<State> {
  preferences('preferred', 'preference', preference);
  return rescaled('preferred', inner, false, (tasks, _norm, count) => {
    perTask('preferred', 'preference', preference, count);
    const chosen = tasks.filter((task) => preference[task]! > 0);
    const total = chosen.reduce((sum, task) => sum + preference[task]!, 0);
    return tasks.map((task) =>
      preference[task]! > 0 ? (chosen.length * preference[task]!) / total : undefined,
    );
  });
}
