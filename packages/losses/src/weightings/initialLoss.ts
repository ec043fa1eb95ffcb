import { perTask } from '../check.js';
import { InputError } from '../errors.js';
import { dot } from '../vector.js';
import { defineWeighting, type TaskState, type Weighting } from '../weighting.js';

export interface InitialLossOptions {
  /** The losses to divide by; default: the first that are seen of each task. */
  readonly initialLosses?: readonly number[];
}

export interface InitialLossState extends TaskState {
  readonly initialLosses: readonly (number | null)[];
}

/** sum_i L_i / L_i(0): every task starts at 1. */
export function initialLoss({ initialLosses }: InitialLossOptions = {}): Weighting<InitialLossState> {
  return defineWeighting<InitialLossState>({
    name: 'initialLoss',
    init(tasks) {
      if (initialLosses) perTask('initialLoss', 'initialLosses', initialLosses, tasks);
      return { tasks, initialLosses: initialLosses ?? new Array<null>(tasks).fill(null) };
    },
    step(state, { tasks, losses }) {
      const first = [...state.initialLosses];
      const weights = Float64Array.from(tasks, (task, k) => {
        const initial = first[task] ?? losses[k]!;
        if (!(initial > 0))
          throw new InputError('initialLoss', `an initial loss above 0 of task ${task}`, initial);
        first[task] = initial;
        return 1 / initial;
      });
      return { value: dot(weights, losses), weights, state: { ...state, initialLosses: first } };
    },
  });
}
