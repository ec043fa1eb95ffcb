import { InputError, StateError } from './errors.js';

/** What the trainer may tell a weighting besides the losses. A method that misses something throws a `ContextError`. */
export interface WeightingContext {
  /** Updates made so far. */
  readonly step?: number;
  /** Any number that changes from one epoch to the next. */
  readonly epoch?: number;
  /** Uniform on [0, 1), seeded by the caller. */
  readonly random?: () => number;
  /** Inner products of the gradients of the unweighted losses; the row of an absent task is `undefined`. */
  readonly gramian?: readonly (ArrayLike<number> | undefined)[];
  /** A number a task in [0, 1], higher is better, e.g. the accuracy on this batch. */
  readonly kpis?: readonly (number | undefined)[];
}

/** Every state is plain data that survives JSON, and knows for how many tasks it was made. */
export interface TaskState {
  readonly tasks: number;
}

export interface WeightingStep<State> {
  /** The combined loss. */
  readonly value: number;
  /** d value / d losses: gradient descent on sum_i weights[i] * losses[i], weights constant, is the method. */
  readonly weights: Float64Array;
  readonly state: State;
  /** d value / d parameter for methods with learned parameters; `state` already holds the updated ones. */
  readonly gradients?: Readonly<Record<string, Float64Array>>;
}

/**
 * How T losses become one number. `undefined` in `losses` is a task absent from the batch: it gets weight 0,
 * its state is untouched, and the method works as if only the other tasks existed.
 */
export interface Weighting<State extends TaskState = TaskState> {
  readonly name: string;
  /**
   * `tasks`: the weights follow from which tasks are in the batch, so that they are known before its losses.
   * `gramian`: the context must carry it.
   */
  readonly needs: 'tasks' | 'losses' | 'gramian';
  init(tasks: number): State;
  step(
    state: State,
    losses: readonly (number | undefined)[],
    context?: WeightingContext,
  ): WeightingStep<State>;
  /** Only on methods that want the losses of the same batch, recomputed after the model's update (FAMO). */
  afterUpdate?(state: State, losses: readonly (number | undefined)[]): State;
}

/** The tasks of a batch that have a loss: `tasks[k]` is the place of `losses[k]` among all tasks. */
interface Present {
  readonly tasks: readonly number[];
  readonly losses: Float64Array;
}

interface Spec<State extends TaskState> {
  readonly name: string;
  readonly needs?: Weighting['needs'];
  init(tasks: number): State;
  /** Works on the present tasks alone (at least one); `weights` and `gradients` have one entry a present task. */
  step(state: State, present: Present, context: WeightingContext): WeightingStep<State>;
  afterUpdate?(state: State, present: Present): State;
}

/** Checks what comes in, leaves absent tasks out, and puts the weights of the present ones in their places. */
export function defineWeighting<State extends TaskState>(spec: Spec<State>): Weighting<State> {
  const { name, afterUpdate } = spec;
  return {
    name,
    needs: spec.needs ?? 'losses',
    init(tasks) {
      return spec.init(taskCount(name, tasks));
    },
    step(state, losses, context = {}) {
      const present = presentTasks(name, state, losses);
      const { tasks } = present;
      if (tasks.length === 0) return { value: 0, weights: new Float64Array(losses.length), state };
      const { weights, gradients, ...step } = spec.step(state, present, context);
      const spread = (values: Float64Array) => scatter(values, tasks, losses.length);
      return {
        ...step,
        weights: spread(weights),
        ...(gradients && {
          gradients: Object.fromEntries(
            Object.entries(gradients).map(([key, values]) => [key, spread(values)]),
          ),
        }),
      };
    },
    ...(afterUpdate && {
      afterUpdate(state: State, losses: readonly (number | undefined)[]) {
        const present = presentTasks(name, state, losses);
        return present.tasks.length === 0 ? state : afterUpdate(state, present);
      },
    }),
  };
}

/** A weighting without memory: `step` gives the value and the weights of the present tasks. */
export function statelessWeighting(
  name: string,
  step: (
    present: Present,
    context: WeightingContext,
    tasks: number,
  ) => { value: number; weights: Float64Array },
  needs: Weighting['needs'] = 'losses',
): Weighting {
  return defineWeighting<TaskState>({
    name,
    needs,
    init: (tasks) => ({ tasks }),
    step: (state, present, context) => ({ ...step(present, context, state.tasks), state }),
  });
}

export function taskCount(method: string, tasks: number): number {
  if (!Number.isInteger(tasks) || tasks < 1) throw new InputError(method, 'at least one task', tasks);
  return tasks;
}

export function checkState(method: string, state: TaskState, tasks: number): void {
  if (state.tasks !== tasks) throw new StateError(method, `a state of ${tasks} tasks`, state.tasks);
}

export function scatter(values: Float64Array, tasks: readonly number[], length: number): Float64Array {
  const all = new Float64Array(length);
  tasks.forEach((task, k) => {
    all[task] = values[k]!;
  });
  return all;
}

function presentTasks(method: string, state: TaskState, losses: readonly (number | undefined)[]): Present {
  checkState(method, state, taskCount(method, losses.length));
  const tasks: number[] = [];
  losses.forEach((loss, task) => {
    if (loss === undefined) return;
    if (!Number.isFinite(loss)) throw new InputError(method, `a finite loss of task ${task}`, loss);
    tasks.push(task);
  });
  return { tasks, losses: Float64Array.from(tasks, (task) => losses[task]!) };
}
