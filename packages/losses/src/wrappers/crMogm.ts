import { completeWeights, type WeightsAggregator } from '../aggregator.js';
import { InputError } from '../errors.js';
import type { TaskState } from '../weighting.js';

export interface CrMogmOptions {
  /** How much of the last weights stays. */
  readonly alpha?: number;
}

export interface CrMogmState<State extends TaskState> extends TaskState {
  readonly inner: State;
  readonly weights: readonly number[];
}

/**
 * Correlation-reduced stochastic gradient manipulation: the weights of another method, smoothed over steps:
 * lambda = alpha lambda + (1 - alpha) lambda_new, from 1/T.
 *
 * Zhou et al., "On the Convergence of Stochastic Multi-Objective Gradient Manipulation and Beyond", NeurIPS 2022.
 */
export function crMogm<State extends TaskState>(
  inner: WeightsAggregator<State>,
  { alpha = 0.9 }: CrMogmOptions = {},
): WeightsAggregator<CrMogmState<State>> {
  const name = `crMogm(${inner.name})`;
  if (!(alpha >= 0 && alpha < 1)) throw new InputError(name, 'alpha in [0, 1)', alpha);
  return completeWeights<CrMogmState<State>>({
    name,
    needs: inner.needs,
    ...(inner.at && { at: inner.at }),
    init: (tasks) => ({ tasks, inner: inner.init(tasks), weights: new Array<number>(tasks).fill(1 / tasks) }),
    step(state, input, context = {}) {
      const { state: next, ...step } = inner.step(state.inner, input, context);
      const weights = state.weights.map((old, task) =>
        input[task] === undefined ? old : alpha * old + (1 - alpha) * step.weights[task]!,
      );
      return {
        ...step,
        weights: Float64Array.from(weights, (weight, task) => (input[task] === undefined ? 0 : weight)),
        state: { ...state, inner: next, weights },
      };
    },
  });
}
