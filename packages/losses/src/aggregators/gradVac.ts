import { defineGramian, type WeightsAggregator } from '../aggregator.js';
import { InputError } from '../errors.js';
import { shuffle } from '../random.js';
import type { TaskState } from '../weighting.js';

export interface GradVacOptions {
  /** How fast the target cosines follow the seen ones. */
  readonly beta?: number;
  /** Added to the product of norms under a cosine. */
  readonly eps?: number;
  /** In which order the other tasks are visited: `random` (the paper; one order a task) or `fixed` (0, 1, ...). */
  readonly order?: 'random' | 'fixed';
}

export interface GradVacState extends TaskState {
  /** The target cosine of each ordered pair. */
  readonly phiHat: readonly (readonly number[])[];
}

/**
 * Gradient vaccine: as PCGrad, but a gradient whose cosine phi with g_j is below an exponentially averaged target
 * phi_hat is turned towards g_j until the cosine is phi_hat:
 * g_i += |g_i| (phi_hat sqrt(1 - phi^2) - phi sqrt(1 - phi_hat^2)) / (|g_j| sqrt(1 - phi_hat^2)) g_j, and then
 * phi_hat = (1 - beta) phi_hat + beta phi. d = sum_i g_i; all targets start at 0.
 *
 * arXiv 2010.05874. Zero gradients have no cosine and are passed over. LibMTL adds 1e-8 to norms (`eps`).
 */
export function gradVac(options: GradVacOptions = {}): WeightsAggregator<GradVacState> {
  const { beta = 0.5, eps = 0, order = 'random' } = options;
  if (!(beta >= 0 && beta <= 1)) throw new InputError('gradVac', 'beta in [0, 1]', beta);
  if (!(eps >= 0)) throw new InputError('gradVac', 'eps of at least 0', eps);
  if (order !== 'random' && order !== 'fixed')
    throw new InputError('gradVac', "order 'random' or 'fixed'", order);
  return defineGramian<GradVacState>({
    name: 'gradVac',
    init: (tasks) => ({
      tasks,
      phiHat: Array.from({ length: tasks }, () => new Array<number>(tasks).fill(0)),
    }),
    step(state, { n, tasks, values }, { random = Math.random }) {
      const phiHat = state.phiHat.map((row) => [...row]);
      const weights = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        const coefficients = new Float64Array(n);
        coefficients[i] = 1;
        const products = values.slice(i * n, i * n + n);
        let square = values[i * n + i]!;
        const others = Array.from({ length: n }, (_, j) => j).filter((j) => j !== i);
        for (const j of order === 'random' ? shuffle(others, random) : others) {
          const gj = Math.sqrt(values[j * n + j]!);
          const gi = Math.sqrt(Math.max(square, 0));
          if (gi === 0 || gj === 0) continue;
          const targets = phiHat[tasks[i]!]!;
          const target = targets[tasks[j]!]!;
          const phi = Math.min(1, Math.max(-1, products[j]! / (gi * gj + eps)));
          if (phi < target) {
            const across = Math.sqrt(1 - target * target);
            const factor = (gi * (target * Math.sqrt(1 - phi * phi) - phi * across)) / (gj * across);
            square += factor * (2 * products[j]! + factor * values[j * n + j]!);
            coefficients[j]! += factor;
            for (let l = 0; l < n; l++) products[l]! += factor * values[j * n + l]!;
          }
          targets[tasks[j]!] = (1 - beta) * target + beta * phi;
        }
        for (let l = 0; l < n; l++) weights[l]! += coefficients[l]!;
      }
      return { weights, state: { ...state, phiHat }, residual: 0 };
    },
  });
}
