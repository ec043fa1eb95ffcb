import { completeWeights, type Rows, type WeightsAggregator } from '../aggregator.js';
import { InputError } from '../errors.js';
import type { TaskState } from '../weighting.js';

export interface EveryKOptions {
  /** New weights are found in every `k`-th step. */
  readonly k: number;
}

export interface EveryKState<State extends TaskState> extends TaskState {
  readonly inner: State;
  /** The last weight of each task; null before its first. */
  readonly weights: readonly (number | null)[];
  /** How many more steps use them. */
  readonly left: number;
}

/**
 * Finds weights in every k-th step and uses them again in between, where no per-task gradient is needed: `needsNext`
 * tells the trainer. A batch with a task that has no weight yet finds new ones.
 */
export function everyK<State extends TaskState>(
  inner: WeightsAggregator<State>,
  { k }: EveryKOptions,
): WeightsAggregator<EveryKState<State>> {
  const name = `everyK(${inner.name})`;
  if (!(Number.isInteger(k) && k >= 1)) throw new InputError(name, 'k of at least 1', k);
  if ((inner.needs as string) === 'jacobian')
    throw new InputError(name, 'an aggregator that gives weights', 'one that needs the Jacobian');
  return completeWeights<EveryKState<State>>({
    name,
    needs: inner.needs,
    ...(inner.at && { at: inner.at }),
    needsNext: ({ left, weights }) => (left > 0 && !weights.includes(null) ? 'losses' : inner.needs),
    init: (tasks) => ({
      tasks,
      inner: inner.init(tasks),
      weights: new Array<null>(tasks).fill(null),
      left: 0,
    }),
    step(state, input, context = {}) {
      const known = input.every((row, task) => row === undefined || typeof state.weights[task] === 'number');
      if (state.left > 0 && known) {
        const weights = Float64Array.from(input, (row, task) =>
          row === undefined ? 0 : state.weights[task]!,
        );
        return { weights, state: { ...state, left: state.left - 1 }, residual: 0 };
      }
      const { state: next, ...step } = inner.step(state.inner, input as Rows, context);
      const weights = state.weights.map((old, task) =>
        input[task] === undefined ? old : step.weights[task]!,
      );
      return { ...step, state: { ...state, inner: next, weights, left: k - 1 } };
    },
  });
}
