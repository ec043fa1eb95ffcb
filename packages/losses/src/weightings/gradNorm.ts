import { type AdamState, adamInit, adamStep } from '../adam.js';
import { above, nonNegative, perTask } from '../check.js';
import { ContextError, InputError } from '../errors.js';
import { dot } from '../vector.js';
import { defineWeighting, type TaskState, type Weighting } from '../weighting.js';

export interface GradNormOptions {
  /** How strongly slow tasks are favoured; 0 makes all gradient norms alike. */
  readonly alpha?: number;
  /** What updates the weights. */
  readonly weightOptimizer?: 'sgd' | 'adam';
  readonly lr?: number;
  /** Default: all 1. They are kept at this sum. */
  readonly initialWeights?: readonly number[];
  /** The losses that progress is measured against; default: the first that are seen. */
  readonly initialLosses?: readonly number[];
}

export interface GradNormState extends TaskState {
  readonly weights: readonly number[];
  readonly initialLosses: readonly (number | null)[];
  readonly adam: AdamState;
}

/**
 * Gradient normalisation. With n_i = |gradient of L_i| at the last shared layer, G_i = w_i n_i and
 * r_i = (L_i / L_i(0)) / mean: one step on the weights down sum_i |G_i - mean(G) r_i^alpha|, targets and mean
 * constant, after which they are rescaled to their sum. The update of the model uses the weights before that step.
 * Needs `context.gramian`, of the unweighted losses.
 *
 * arXiv 1711.02257. A weight that a step would make negative becomes 0.
 */
export function gradNorm(options: GradNormOptions = {}): Weighting<GradNormState> {
  const { alpha = 1.5, weightOptimizer = 'sgd', lr = 0.025, initialWeights, initialLosses } = options;
  nonNegative('gradNorm', 'alpha', [alpha]);
  above('gradNorm', 'lr', lr, 0);
  if (weightOptimizer !== 'sgd' && weightOptimizer !== 'adam')
    throw new InputError('gradNorm', "weightOptimizer 'sgd' or 'adam'", weightOptimizer);
  if (initialWeights) nonNegative('gradNorm', 'initialWeights', initialWeights);
  return defineWeighting<GradNormState>({
    name: 'gradNorm',
    needs: 'gramian',
    init(tasks) {
      const weights = initialWeights ?? new Array<number>(tasks).fill(1);
      perTask('gradNorm', 'initialWeights', weights, tasks);
      if (initialLosses) perTask('gradNorm', 'initialLosses', initialLosses, tasks);
      return {
        tasks,
        weights: [...weights],
        initialLosses: initialLosses ?? new Array<null>(tasks).fill(null),
        adam: adamInit(tasks),
      };
    },
    step(state, { tasks, losses }, { gramian }) {
      if (!gramian) throw new ContextError('gradNorm', 'context.gramian', gramian);
      const first = [...state.initialLosses];
      tasks.forEach((task, k) => {
        first[task] ??= losses[k]!;
      });
      const norms = tasks.map((task) => {
        const square = gramian[task]?.[task];
        if (!(square !== undefined && square >= 0 && Number.isFinite(square)))
          throw new InputError('gradNorm', `a squared gradient norm at gramian[${task}][${task}]`, square);
        return Math.sqrt(square);
      });
      const ratios = tasks.map((task, k) => {
        if (!(first[task]! > 0))
          throw new InputError('gradNorm', `an initial loss above 0 of task ${task}`, first[task]);
        return losses[k]! / first[task]!;
      });
      const used = Float64Array.from(tasks, (task) => state.weights[task]!);
      const weighted = norms.map((norm, k) => norm * used[k]!);
      const meanNorm = average(weighted);
      const meanRatio = average(ratios);
      const gradients = norms.map((norm, k) => {
        const target = meanNorm * (meanRatio > 0 ? ratios[k]! / meanRatio : 1) ** alpha;
        return Math.sign(weighted[k]! - target) * norm;
      });

      const moved =
        weightOptimizer === 'adam'
          ? adamStep(state.adam, state.weights, tasks, gradients, { lr })
          : { parameters: descend(state.weights, tasks, gradients, lr), adam: state.adam };
      return {
        value: dot(used, losses),
        weights: used,
        state: {
          ...state,
          weights: renormalised(moved.parameters, state.weights, tasks),
          initialLosses: first,
          adam: moved.adam,
        },
      };
    },
  });
}

function descend(
  weights: readonly number[],
  tasks: readonly number[],
  gradients: readonly number[],
  lr: number,
) {
  const next = [...weights];
  tasks.forEach((task, k) => {
    next[task]! -= lr * gradients[k]!;
  });
  return next;
}

/** The present tasks' weights keep the sum they had. */
function renormalised(
  moved: readonly number[],
  before: readonly number[],
  tasks: readonly number[],
): number[] {
  const next = [...before];
  const sumBefore = tasks.reduce((sum, task) => sum + before[task]!, 0);
  const sumAfter = tasks.reduce((sum, task) => sum + Math.max(moved[task]!, 0), 0);
  if (sumAfter > 0) for (const task of tasks) next[task] = (Math.max(moved[task]!, 0) * sumBefore) / sumAfter;
  return next;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
