import { defineGramian, type Gramian, type Rows, type WeightsAggregator } from '../aggregator.js';
import { above } from '../check.js';
import { InputError } from '../errors.js';
import { projectOntoSimplex, replaceShare, restrict } from '../solvers/simplex.js';
import { multiply } from '../vector.js';
import type { TaskState } from '../weighting.js';

export interface SdmGradOptions {
  /** How strongly d is drawn to the mean gradient. */
  readonly lambda?: number;
  /** The learning rate of the weights, and how many steps they make for each update of the model. */
  readonly lr?: number;
  readonly steps?: number;
}

export interface SdmGradState extends TaskState {
  readonly w: readonly number[];
}

/**
 * Direction-oriented multi-objective descent: steps w = the projection of w - lr A (w + lambda p) onto the simplex
 * from the last w, then d = J^T (w + lambda p), p = 1/T. A = J(a) J(b)^T of two independent batches
 * (`context.crossGramian`) makes the steps unbiased; without it A is the Gramian of the batch.
 *
 * arXiv 2305.18409. The authors' code divides A by the squared mean norm, steps with momentum 0.5 and lr 5, and
 * divides d by 1 + lambda.
 */
export function sdmGrad({
  lambda = 0.3,
  lr = 0.1,
  steps = 20,
}: SdmGradOptions = {}): WeightsAggregator<SdmGradState> {
  if (!(lambda >= 0 && Number.isFinite(lambda)))
    throw new InputError('sdmGrad', 'lambda of at least 0', lambda);
  above('sdmGrad', 'lr', lr, 0);
  if (!(Number.isInteger(steps) && steps >= 1)) throw new InputError('sdmGrad', 'steps of at least 1', steps);
  return defineGramian<SdmGradState>({
    name: 'sdmGrad',
    init: (tasks) => ({ tasks, w: new Array<number>(tasks).fill(1 / tasks) }),
    step(state, gramian, { crossGramian }) {
      const { n, tasks, values } = gramian;
      const a = crossGramian ? readCross(crossGramian, gramian, state.tasks) : values;
      const drawn = (w: Float64Array) => w.map((value) => value + lambda / n);
      let w = restrict(state.w, tasks);
      for (let step = 0; step < steps; step++) {
        const gradient = multiply(n, a, drawn(w));
        w = projectOntoSimplex(w.map((value, i) => value - lr * gradient[i]!));
      }
      return { weights: drawn(w), state: { ...state, w: replaceShare(state.w, tasks, w) }, residual: 0 };
    },
  });
}

function readCross(cross: Rows, { n, tasks }: Gramian, count: number): Float64Array {
  const values = new Float64Array(n * n);
  tasks.forEach((task, i) => {
    const row = cross[task];
    if (row?.length !== count)
      throw new InputError('sdmGrad', `context.crossGramian with rows of ${count}`, row);
    tasks.forEach((other, j) => {
      if (!Number.isFinite(row[other]))
        throw new InputError('sdmGrad', 'a finite context.crossGramian', row[other]);
      values[i * n + j] = row[other]!;
    });
  });
  return values;
}
