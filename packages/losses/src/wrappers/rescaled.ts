import {
  type Aggregator,
  type AggregatorContext,
  completeJacobian,
  completeWeights,
  type Input,
  type JacobianAggregator,
  type Rows,
  readGramian,
  readJacobian,
  type WeightsAggregator,
} from '../aggregator.js';
import { dot } from '../vector.js';
import type { TaskState } from '../weighting.js';

/** A factor for each present task's gradient; `undefined` leaves the task out. `norm` is called only where needed. */
type Factors = (
  tasks: readonly number[],
  norm: (task: number) => number,
  count: number,
) => readonly (number | undefined)[];

/** `inner` on the gradients f_i g_i: what it is told and what it answers are scaled, its state is its own. */
export function rescaled<State extends TaskState>(
  name: string,
  inner: Aggregator<State>,
  byNorm: boolean,
  factors: Factors,
): Aggregator<State> {
  const full = `${name}(${inner.name})`;
  return inner.needs === 'jacobian'
    ? rescaledJacobian(full, inner, factors)
    : rescaledWeights(full, inner, byNorm, factors);
}

function rescaledWeights<State extends TaskState>(
  name: string,
  inner: WeightsAggregator<State>,
  byNorm: boolean,
  factors: Factors,
): WeightsAggregator<State> {
  const { at, needsNext } = inner;
  const needs = byNorm ? 'gramian' : inner.needs;
  return completeWeights({
    name,
    needs,
    ...(at && { at }),
    ...(needsNext && !byNorm && { needsNext: (state: State) => needsNext(state) }),
    init: (tasks) => inner.init(tasks),
    step(state: State, input: Input, context: AggregatorContext = {}) {
      if (byNorm) readGramian(name, input as Rows);
      const f = spread(input, factors, (task) => Math.sqrt((input as Rows)[task]![task]!));
      const scaled = input.map((row, i) => {
        const factor = f[i];
        if (row === undefined || factor === undefined) return undefined;
        return typeof row === 'number' ? row : scale(row, (j) => factor * (f[j] ?? 0));
      });
      const step = inner.step(state, scaled, context);
      return { ...step, weights: step.weights.map((weight, i) => weight * (f[i] ?? 0)) };
    },
  });
}

function rescaledJacobian<State extends TaskState>(
  name: string,
  inner: JacobianAggregator<State>,
  factors: Factors,
): JacobianAggregator<State> {
  return completeJacobian({
    name,
    init: (tasks) => inner.init(tasks),
    step(state: State, jacobian: Rows, context: AggregatorContext = {}) {
      const { width } = readJacobian(name, jacobian);
      const f = spread(jacobian, factors, (task) => Math.sqrt(dot(jacobian[task]!, jacobian[task]!)));
      const scaled = jacobian.map((row, i) => {
        const factor = f[i];
        return row && factor !== undefined ? scale(row, () => factor) : undefined;
      });
      const step = inner.step(state, scaled, context);
      return step.direction.length === width ? step : { ...step, direction: new Float64Array(width) };
    },
  });
}

/** One factor a task, `undefined` for those absent or left out. */
function spread(input: Input, factors: Factors, norm: (task: number) => number): (number | undefined)[] {
  const tasks = input.map((_, task) => task).filter((task) => input[task] !== undefined);
  const present = factors(tasks, norm, input.length);
  const all = new Array<number | undefined>(input.length).fill(undefined);
  tasks.forEach((task, k) => {
    all[task] = present[k];
  });
  return all;
}

/** Keeps the precision of the row, so that the rank of a Gramian is judged by it. */
function scale(row: ArrayLike<number>, factor: (j: number) => number): ArrayLike<number> {
  const scaled = row instanceof Float32Array ? Float32Array.from(row) : Float64Array.from(row);
  for (let j = 0; j < scaled.length; j++) scaled[j]! *= factor(j);
  return scaled;
}
