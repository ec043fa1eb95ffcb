import type { Aggregator, JacobianAggregator, WeightsAggregator } from '../aggregator.js';
import type { TaskState } from '../weighting.js';
import { rescaled } from './rescaled.js';

/**
 * The aggregator on the tasks whose gradient is not 0. Nash-MTL and FairGrad have no solution with a zero gradient
 * and throw; wrapped, they go on with the other tasks.
 */
export function nonZero<State extends TaskState>(inner: WeightsAggregator<State>): WeightsAggregator<State>;
export function nonZero<State extends TaskState>(inner: JacobianAggregator<State>): JacobianAggregator<State>;
export function nonZero<State extends TaskState>(inner: Aggregator<State>): Aggregator<State>;
export function nonZero<State extends TaskState>(inner: Aggregator<State>): Aggregator<State> {
  return rescaled('nonZero', inner, true, (tasks, norm) =>
    tasks.map((task) => (norm(task) > 0 ? 1 : undefined)),
  );
}
