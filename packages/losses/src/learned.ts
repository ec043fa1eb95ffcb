import { type AdamState, adamInit, adamStep } from './adam.js';
import { above, finite, perTask } from './check.js';
import { defineWeighting, type TaskState, type Weighting } from './weighting.js';

/** One learned parameter a task, and Adam's memory of it. */
export interface LearnedState extends TaskState {
  readonly parameters: readonly number[];
  readonly adam: AdamState;
}

interface LearnedSpec {
  readonly name: string;
  /** What the method calls its parameter: the key in `gradients`, and the option with the start. */
  readonly parameter: string;
  readonly start: readonly number[] | undefined;
  readonly otherwise: number;
  readonly lr: number;
  /** The part of one task in the value, and its derivatives. */
  term(loss: number, parameter: number, task: number): { value: number; byLoss: number; byParameter: number };
  /** Called once the number of tasks is known. */
  check?(tasks: number): void;
}

/** Weightings of the form sum_i term(L_i, s_i), where s is learned along with the model, by Adam. */
export function learnedWeighting(spec: LearnedSpec): Weighting<LearnedState> {
  const { name, parameter, start } = spec;
  above(name, 'lr', spec.lr, 0);
  if (start) finite(name, parameter, start);
  return defineWeighting<LearnedState>({
    name,
    init(tasks) {
      spec.check?.(tasks);
      const parameters = start ?? new Array<number>(tasks).fill(spec.otherwise);
      perTask(name, parameter, parameters, tasks);
      return { tasks, parameters: [...parameters], adam: adamInit(tasks) };
    },
    step(state, { tasks, losses }) {
      const terms = tasks.map((task, k) => spec.term(losses[k]!, state.parameters[task]!, task));
      const gradients = Float64Array.from(terms, ({ byParameter }) => byParameter);
      return {
        value: terms.reduce((total, { value }) => total + value, 0),
        weights: Float64Array.from(terms, ({ byLoss }) => byLoss),
        gradients: { [parameter]: gradients },
        state: { ...state, ...adamStep(state.adam, state.parameters, tasks, gradients, { lr: spec.lr }) },
      };
    },
  });
}
