import { InputError } from './errors.js';
import { dot } from './vector.js';
import { checkState, scatter, type TaskState, taskCount } from './weighting.js';

/** One row a task; the row of a task absent from the batch is `undefined`. */
export type Rows = readonly (ArrayLike<number> | undefined)[];

/** What the trainer may tell an aggregator besides the gradients. A method that misses something throws a `ContextError`. */
export interface AggregatorContext {
  /** Uniform on [0, 1), seeded by the caller. */
  readonly random?: () => number;
  /** The losses of this batch, for methods that look at them (DB-MTL, normalisation by loss). */
  readonly losses?: readonly (number | undefined)[];
  /** J(batch a) J(batch b)^T of two independent batches, for SDMGrad. */
  readonly crossGramian?: Rows;
}

/** For `direction` and `weights`: the state to go on from; without it they are the first step. */
export type CallContext<State> = AggregatorContext & { readonly state?: State };

export interface WeightsStep<State> {
  /** One a task, 0 for an absent one: the update direction is sum_i weights[i] * gradient_i. */
  readonly weights: Float64Array;
  readonly state: State;
  /** How far the method's own optimality conditions are from holding, relative; 0 for a closed form. */
  readonly residual: number;
  /** Set where the method's formula has no answer here: what was taken in its place. */
  readonly fallback?: string;
}

export interface DirectionStep<State> {
  readonly direction: Float64Array;
  readonly state: State;
  readonly residual: number;
  readonly fallback?: string;
}

interface AggregatorBase<State extends TaskState> {
  readonly name: string;
  /** Where the gradients are taken: MGDA-UB asks for those with respect to the shared representation. */
  readonly at?: 'representation';
  init(tasks: number): State;
  /** The update direction (to subtract from the parameters) of a Jacobian with one row a task. */
  direction(jacobian: Rows, context?: CallContext<State>): Float64Array;
}

/** An aggregator whose direction is a weighted sum of the gradients, with weights that it finds without them. */
export interface WeightsAggregator<State extends TaskState = TaskState> extends AggregatorBase<State> {
  /** `losses`: the method looks at no gradient at all, only at which tasks are present. */
  readonly needs: 'losses' | 'gramian';
  /** What the next step looks at, where that changes from step to step (`everyK`). */
  needsNext?(state: State): 'losses' | 'gramian';
  /** `input` has one entry a task: its Gramian row, or where `needs` is `losses` its loss; `undefined` if absent. */
  step(state: State, input: Input, context?: AggregatorContext): WeightsStep<State>;
  weights(gramian: Rows, context?: CallContext<State>): Float64Array;
}

/** An aggregator that needs the gradients themselves. */
export interface JacobianAggregator<State extends TaskState = TaskState> extends AggregatorBase<State> {
  readonly needs: 'jacobian';
  step(state: State, jacobian: Rows, context?: AggregatorContext): DirectionStep<State>;
}

export type Aggregator<State extends TaskState = TaskState> =
  | WeightsAggregator<State>
  | JacobianAggregator<State>;

export type Input = readonly (number | ArrayLike<number> | undefined)[];

/** The Gramian of the tasks in the batch: row-major n x n; `tasks[k]` is the place of row k among all tasks. */
export interface Gramian {
  readonly n: number;
  readonly tasks: readonly number[];
  readonly values: Float64Array;
  /** The unit roundoff of the numbers it was computed with. */
  readonly epsilon: number;
}

/** What a solver needs of it. */
export type Square = Pick<Gramian, 'n' | 'values' | 'epsilon'>;

/** The gradients of the tasks in the batch; `tasks[k]` is the place of `rows[k]` among all tasks. */
export interface Jacobian {
  readonly tasks: readonly number[];
  readonly rows: readonly ArrayLike<number>[];
  readonly width: number;
}

interface GramianSpec<State extends TaskState> {
  readonly name: string;
  readonly at?: 'representation';
  init(tasks: number): State;
  /** Works on the present tasks alone (at least one); `weights` has one entry a present task. */
  step(state: State, gramian: Gramian, context: AggregatorContext): WeightsStep<State>;
}

/** Everything that follows from `step`. */
export function completeWeights<State extends TaskState>(
  aggregator: Omit<WeightsAggregator<State>, 'weights' | 'direction'>,
): WeightsAggregator<State> {
  const { name, needs, init, step } = aggregator;
  return {
    ...aggregator,
    weights(gramian, context = {}) {
      if (needs === 'losses') readGramian(name, gramian);
      return step(context.state ?? init(gramian.length), gramian, context).weights;
    },
    direction: (jacobian, context = {}) =>
      stepWeights(aggregator, context.state ?? init(jacobian.length), jacobian, context).direction,
  };
}

/** A step of any aggregator on a Jacobian. */
export function aggregate<State extends TaskState>(
  aggregator: Aggregator<State>,
  state: State,
  jacobian: Rows,
  context: AggregatorContext = {},
): DirectionStep<State> {
  return aggregator.needs === 'jacobian'
    ? aggregator.step(state, jacobian, context)
    : stepWeights(aggregator, state, jacobian, context);
}

function stepWeights<State extends TaskState>(
  { name, needs, step }: Pick<WeightsAggregator<State>, 'name' | 'needs' | 'step'>,
  state: State,
  jacobian: Rows,
  context: AggregatorContext,
): DirectionStep<State> {
  const { width } = readJacobian(name, jacobian);
  const { weights, ...rest } = step(state, needs === 'losses' ? jacobian : gramianRows(jacobian), context);
  return { ...rest, direction: combine(jacobian, weights, width) };
}

export function defineGramian<State extends TaskState>(spec: GramianSpec<State>): WeightsAggregator<State> {
  const { name } = spec;
  return completeWeights({
    name,
    needs: 'gramian',
    ...(spec.at && { at: spec.at }),
    init: (tasks) => spec.init(taskCount(name, tasks)),
    step(state, input, context = {}) {
      const gramian = readGramian(name, input as Rows);
      checkState(name, state, input.length);
      if (gramian.n === 0) return { weights: new Float64Array(input.length), state, residual: 0 };
      const step = spec.step(state, gramian, context);
      return { ...step, weights: scatter(step.weights, gramian.tasks, input.length) };
    },
  });
}

/** A method whose weights follow from the Gramian alone, with no memory; returns the weights and their residual. */
export function statelessGramian(
  name: string,
  solve: (gramian: Gramian, context: AggregatorContext, tasks: number) => Solution,
  at?: 'representation',
): WeightsAggregator {
  return defineGramian<TaskState>({
    name,
    ...(at && { at }),
    init: (tasks) => ({ tasks }),
    step: (state, gramian, context) => ({ ...solve(gramian, context, state.tasks), state }),
  });
}

export type Solution = Omit<WeightsStep<never>, 'state'>;

/** A method that looks at no gradient: its weights follow from which tasks are present. */
export function blindAggregator(
  name: string,
  weigh: (tasks: readonly number[], context: AggregatorContext, count: number) => Float64Array,
): WeightsAggregator {
  return completeWeights<TaskState>({
    name,
    needs: 'losses',
    init: (tasks) => ({ tasks: taskCount(name, tasks) }),
    step(state, input, context = {}) {
      checkState(name, state, taskCount(name, input.length));
      const tasks = presentRows(input);
      const weights = tasks.length > 0 ? weigh(tasks, context, input.length) : new Float64Array();
      return { weights: scatter(weights, tasks, input.length), state, residual: 0 };
    },
  });
}

interface JacobianSpec<State extends TaskState> {
  readonly name: string;
  init(tasks: number): State;
  /** Works on the present tasks alone (at least one). */
  step(state: State, jacobian: Jacobian, context: AggregatorContext): DirectionStep<State>;
}

/** Everything that follows from `step`. */
export function completeJacobian<State extends TaskState>(
  aggregator: Omit<JacobianAggregator<State>, 'direction' | 'needs'>,
): JacobianAggregator<State> {
  const { init, step } = aggregator;
  return {
    ...aggregator,
    needs: 'jacobian',
    direction: (jacobian, context = {}) =>
      step(context.state ?? init(jacobian.length), jacobian, context).direction,
  };
}

export function defineJacobian<State extends TaskState>(
  spec: JacobianSpec<State>,
): JacobianAggregator<State> {
  const { name } = spec;
  return completeJacobian({
    name,
    init: (tasks) => spec.init(taskCount(name, tasks)),
    step(state, jacobian, context = {}) {
      const present = readJacobian(name, jacobian);
      checkState(name, state, jacobian.length);
      if (present.rows.length === 0) return { direction: new Float64Array(), state, residual: 0 };
      return spec.step(state, present, context);
    },
  });
}

/** A method on the gradients themselves, with no memory. */
export function statelessJacobian(
  name: string,
  aggregate: (jacobian: Jacobian, context: AggregatorContext, tasks: number) => Float64Array,
): JacobianAggregator {
  return defineJacobian<TaskState>({
    name,
    init: (tasks) => ({ tasks }),
    step: (state, jacobian, context) => ({
      direction: aggregate(jacobian, context, state.tasks),
      state,
      residual: 0,
    }),
  });
}

/** Asymmetry and negative eigenvalues that rounding explains, relative to |g_i| |g_j|; float32 Gramians pass. */
const ROUNDING = 1e-4;
const FLOAT32 = 2 ** -23;
const FLOAT64 = 2 ** -52;

/** The present tasks' part of a Gramian, checked to be square, finite, symmetric and non-negative on its diagonal. */
export function readGramian(method: string, gramian: Rows): Gramian {
  const count = taskCount(method, gramian.length);
  const tasks = presentRows(gramian);
  const n = tasks.length;
  const values = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = gramian[tasks[i]!]!;
    if (row.length !== count)
      throw new InputError(method, `a square Gramian (row of ${count})`, `a row of ${row.length}`);
    for (let j = 0; j < n; j++) {
      const value = row[tasks[j]!]!;
      if (!Number.isFinite(value)) throw new InputError(method, `a finite Gramian entry [${i}][${j}]`, value);
      values[i * n + j] = value;
    }
    if (values[i * n + i]! < 0)
      throw new InputError(
        method,
        `a non-negative diagonal of the Gramian at [${i}][${i}]`,
        values[i * n + i],
      );
  }
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const lower = values[i * n + j]!;
      const upper = values[j * n + i]!;
      const size = Math.sqrt(values[i * n + i]!) * Math.sqrt(values[j * n + j]!);
      if (Math.abs(lower - upper) > ROUNDING * size)
        throw new InputError(method, `a symmetric Gramian, [${i}][${j}] = [${j}][${i}]`, [lower, upper]);
      if (Math.abs(lower) > (1 + ROUNDING) * size)
        throw new InputError(method, `a Gramian with |[${i}][${j}]| at most ${size} (Cauchy-Schwarz)`, lower);
      values[i * n + j] = values[j * n + i] = (lower + upper) / 2;
    }
  const single = tasks.some((task) => gramian[task] instanceof Float32Array);
  return { n, tasks, values, epsilon: single ? FLOAT32 : FLOAT64 };
}

export function readJacobian(method: string, jacobian: Rows): Jacobian {
  taskCount(method, jacobian.length);
  const tasks = presentRows(jacobian);
  const rows = tasks.map((task) => jacobian[task]!);
  const width = rows[0]?.length ?? 0;
  rows.forEach((row, k) => {
    if (row.length !== width)
      throw new InputError(method, `rows of one length (${width})`, `a row of ${row.length}`);
    for (let c = 0; c < width; c++)
      if (!Number.isFinite(row[c]))
        throw new InputError(method, `a finite gradient of task ${tasks[k]}`, row[c]);
  });
  return { tasks, rows, width };
}

/** J J^T; rows of absent tasks stay `undefined`. */
function gramianRows(jacobian: Rows): Rows {
  const gramian = jacobian.map((row) => row && new Float64Array(jacobian.length));
  jacobian.forEach((a, i) => {
    if (!a) return;
    for (let j = 0; j <= i; j++) {
      const b = jacobian[j];
      if (!b) continue;
      const product = dot(a, b);
      gramian[i]![j] = product;
      gramian[j]![i] = product;
    }
  });
  return gramian;
}

/** J^T w over the rows that are there. */
export function combine(rows: Rows, weights: ArrayLike<number>, width: number): Float64Array {
  const direction = new Float64Array(width);
  rows.forEach((row, i) => {
    const weight = weights[i]!;
    if (row) for (let c = 0; c < width; c++) direction[c]! += weight * row[c]!;
  });
  return direction;
}

function presentRows(rows: Input): number[] {
  const present: number[] = [];
  for (let task = 0; task < rows.length; task++) if (rows[task] !== undefined) present.push(task);
  return present;
}
