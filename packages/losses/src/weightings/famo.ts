import { type AdamState, adamInit, adamStep } from '../adam.js';
import { above, finite, nonNegative, perTask } from '../check.js';
import { InputError } from '../errors.js';
import { dot, softmax } from '../vector.js';
import { defineWeighting, type TaskState, type Weighting } from '../weighting.js';

export interface FamoOptions {
  /** The only one there is. */
  readonly optimizer?: 'adam';
  /** Adam's settings for the logits. */
  readonly lr?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly adamEps?: number;
  /** Added to the gradient of the logits as weightDecay * logits (not decoupled). */
  readonly weightDecay?: number;
  /** Added to every loss above its minimum. */
  readonly eps?: number;
  /** The least value of each loss; default 0. */
  readonly minLosses?: readonly number[];
  /** Where the logits start; default 0. */
  readonly logits?: readonly number[];
  /** Another name of `logits`. */
  readonly logitsStart?: readonly number[];
}

export interface FamoState extends TaskState {
  readonly logits: readonly number[];
  readonly adam: AdamState;
  /** The losses of the last step, until `afterUpdate` has seen what became of them; null for absent tasks. */
  readonly pending: readonly (number | null)[] | null;
}

/**
 * Fast adaptive multitask optimisation: with z = softmax(logits) and D_i = L_i - min_i + eps, the value is
 * c sum_i z_i ln D_i with the constant c = 1 / sum_i (z_i / D_i), so that the weights c z_i / D_i sum to 1. After the
 * model's update the logits follow the change of the logarithms: `afterUpdate` wants the losses of the same batch,
 * computed again.
 *
 * arXiv 2306.03792.
 */
export function famo(options: FamoOptions = {}): Weighting<FamoState> {
  const { optimizer = 'adam', lr = 0.025, weightDecay = 1e-3, eps = 1e-8, minLosses } = options;
  const start = options.logits ?? options.logitsStart;
  if (optimizer !== 'adam') throw new InputError('famo', "optimizer 'adam'", optimizer);
  above('famo', 'lr', lr, 0);
  nonNegative('famo', 'weightDecay and eps', [weightDecay, eps]);
  if (minLosses) finite('famo', 'minLosses', minLosses);
  if (start) finite('famo', 'logits', start);

  const distance = (tasks: readonly number[], losses: ArrayLike<number>) =>
    Float64Array.from(tasks, (task, k) => {
      const value = losses[k]! - (minLosses?.[task] ?? 0) + eps;
      if (!(value > 0)) throw new InputError('famo', `a loss above its minimum of task ${task}`, losses[k]);
      return value;
    });
  const shares = (state: FamoState, tasks: readonly number[]) =>
    softmax(tasks.map((task) => state.logits[task]!));

  return defineWeighting<FamoState>({
    name: 'famo',
    init(tasks) {
      if (minLosses) perTask('famo', 'minLosses', minLosses, tasks);
      const logits = start ?? new Array<number>(tasks).fill(0);
      perTask('famo', 'logits', logits, tasks);
      return { tasks, logits: [...logits], adam: adamInit(tasks), pending: null };
    },
    step(state, { tasks, losses }) {
      const z = shares(state, tasks);
      const d = distance(tasks, losses);
      const c = 1 / z.reduce((total, share, k) => total + share / d[k]!, 0);
      const pending = new Array<number | null>(state.tasks).fill(null);
      tasks.forEach((task, k) => {
        pending[task] = losses[k]!;
      });
      return {
        value: c * dot(z, d.map(Math.log)),
        weights: z.map((share, k) => (c * share) / d[k]!),
        state: { ...state, pending },
      };
    },
    afterUpdate(state, { tasks, losses }) {
      const { pending } = state;
      const before = tasks.map((task) => pending?.[task] ?? null);
      if (!before.every((loss) => loss !== null))
        throw new InputError('famo', 'the losses of the tasks of the step before the update', tasks);
      const now = distance(tasks, losses);
      const change = distance(tasks, before).map((value, k) => Math.log(value) - Math.log(now[k]!));
      const z = shares(state, tasks);
      const mean = dot(z, change);
      const gradients = z.map(
        (share, k) => share * (change[k]! - mean) + weightDecay * state.logits[tasks[k]!]!,
      );
      const { parameters, adam } = adamStep(state.adam, state.logits, tasks, gradients, { ...options, lr });
      return { ...state, logits: parameters, adam, pending: null };
    },
  });
}
