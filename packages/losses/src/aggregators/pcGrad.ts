import { type Gramian, statelessGramian, type WeightsAggregator } from '../aggregator.js';
import { InputError } from '../errors.js';
import { shuffle } from '../random.js';

export interface PcGradOptions {
  /**
   * In which order the other tasks are visited: `random` (the paper; one order a task), `fixed` (0, 1, ...), or
   * `mean_over_all_orders`, the exact expectation of `random`, for up to 9 tasks.
   */
  readonly order?: 'random' | 'fixed' | 'mean_over_all_orders';
}

/**
 * Gradient surgery: each gradient starts as g_i and visits the other tasks j; where <g_i, g_j> < 0 it loses its
 * part along g_j: g_i -= <g_i, g_j> / |g_j|^2 g_j, with the original g_j. d = sum_i g_i.
 *
 * arXiv 2001.06782. Some published code takes the mean instead of the sum, and one order for all tasks.
 */
export function pcGrad({ order = 'random' }: PcGradOptions = {}): WeightsAggregator {
  if (!['random', 'fixed', 'mean_over_all_orders'].includes(order))
    throw new InputError('pcGrad', "order 'random', 'fixed' or 'mean_over_all_orders'", order);
  return statelessGramian('pcGrad', (gramian, { random = Math.random }) => {
    const { n } = gramian;
    const weights = new Float64Array(n);
    if (order === 'mean_over_all_orders' && n > 9)
      throw new InputError('pcGrad', 'at most 9 tasks for all orders', n);
    for (let i = 0; i < n; i++) {
      const others = Array.from({ length: n }, (_, j) => j).filter((j) => j !== i);
      if (order === 'mean_over_all_orders') addAllOrders(gramian, i, others, weights);
      else
        add(
          project(start(gramian, i), order === 'random' ? shuffle(others, random) : others, gramian),
          weights,
          1,
        );
    }
    return { weights, residual: 0 };
  });
}

/** A gradient on its way: its coefficients over the g_j, and its inner products with them. */
interface Walk {
  readonly coefficients: Float64Array;
  readonly products: Float64Array;
}

function start({ n, values }: Gramian, i: number): Walk {
  const coefficients = new Float64Array(n);
  coefficients[i] = 1;
  return { coefficients, products: values.slice(i * n, i * n + n) };
}

function project(walk: Walk, visits: readonly number[], { n, values }: Gramian): Walk {
  const { coefficients, products } = walk;
  for (const j of visits) {
    if (products[j]! >= 0) continue;
    const factor = products[j]! / values[j * n + j]!;
    coefficients[j]! -= factor;
    for (let l = 0; l < n; l++) products[l]! -= factor * values[j * n + l]!;
  }
  return walk;
}

function add({ coefficients }: Walk, total: Float64Array, share: number): void {
  for (let i = 0; i < total.length; i++) total[i]! += share * coefficients[i]!;
}

/** The tree of all orders: each branch shares the walk so far. */
function addAllOrders(gramian: Gramian, i: number, others: readonly number[], total: Float64Array): void {
  const visit = (walk: Walk, left: readonly number[], share: number): void => {
    if (left.length === 0) add(walk, total, share);
    for (const j of left) {
      const branch = { coefficients: walk.coefficients.slice(), products: walk.products.slice() };
      visit(
        project(branch, [j], gramian),
        left.filter((other) => other !== j),
        share / left.length,
      );
    }
  };
  visit(start(gramian, i), others, 1);
}
