import type { Aggregator, JacobianAggregator, WeightsAggregator } from '../aggregator.js';
import type { TaskState } from '../weighting.js';
import { rescaled } from './rescaled.js';

/** The aggregator on unit gradients g_i / |g_i|. A zero gradient has no direction: its task is left out. */
export function normalized<State extends TaskState>(
  inner: WeightsAggregator<State>,
): WeightsAggregator<State>;
export function normalized<State extends TaskState>(
  inner: JacobianAggregator<State>,
): JacobianAggregator<State>;
export function normalized<State extends TaskState>(inner: Aggregator<State>): Aggregator<State>;
export function normalized<State extends TaskState>(inner: Aggregator<State>): Aggregator<State> {
  return rescaled('normalized', inner, true, (tasks, norm) =>
    tasks.map((task) => (norm(task) > 0 ? 1 / norm(task) : undefined)),
  );
}
