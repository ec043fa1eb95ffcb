import { above } from '../check.js';
import { ContextError, InputError } from '../errors.js';
import { dot, softmax } from '../vector.js';
import { defineWeighting, type TaskState, type Weighting } from '../weighting.js';

export interface DwaOptions {
  /** The higher, the more alike the weights. */
  readonly temperature?: number;
}

export interface DwaState extends TaskState {
  readonly epoch: number | null;
  /** Of the running epoch: the sum of each task's losses and their number. */
  readonly sums: readonly number[];
  readonly counts: readonly number[];
  /** Mean losses of the last finished epoch and the one before; null where there is none yet. */
  readonly last: readonly (number | null)[];
  readonly beforeLast: readonly (number | null)[];
}

/**
 * Dynamic weight average: w_i = T softmax(r_i / temperature), r_i = L_i(t-1) / L_i(t-2), from the mean losses of the
 * last two epochs; 1 while there are not two. Needs `context.epoch`; weights change when it does.
 *
 * "End-to-End Multi-Task Learning with Attention", arXiv 1803.10704. An epoch without a label of a task does not
 * count for that task.
 */
export function dwa({ temperature = 2 }: DwaOptions = {}): Weighting<DwaState> {
  above('dwa', 'temperature', temperature, 0);
  return defineWeighting<DwaState>({
    name: 'dwa',
    init: (tasks) => ({
      tasks,
      epoch: null,
      sums: new Array<number>(tasks).fill(0),
      counts: new Array<number>(tasks).fill(0),
      last: new Array<null>(tasks).fill(null),
      beforeLast: new Array<null>(tasks).fill(null),
    }),
    step(before, { tasks, losses }, { epoch }) {
      if (epoch === undefined) throw new ContextError('dwa', 'context.epoch', epoch);
      const state = before.epoch === null || before.epoch === epoch ? before : finishEpoch(before);
      const rates = tasks.map((task) => {
        const last = state.last[task] ?? null;
        const beforeLast = state.beforeLast[task] ?? null;
        if (last === null || beforeLast === null) return 1;
        if (!(beforeLast > 0)) throw new InputError('dwa', `a mean loss above 0 of task ${task}`, beforeLast);
        return last / beforeLast;
      });
      const weights = softmax(rates.map((rate) => rate / temperature)).map((weight) => weight * tasks.length);
      const sums = [...state.sums];
      const counts = [...state.counts];
      tasks.forEach((task, k) => {
        sums[task]! += losses[k]!;
        counts[task]! += 1;
      });
      return { value: dot(weights, losses), weights, state: { ...state, epoch, sums, counts } };
    },
  });
}

function finishEpoch({ tasks, epoch, sums, counts, last, beforeLast }: DwaState): DwaState {
  return {
    tasks,
    epoch,
    sums: sums.map(() => 0),
    counts: counts.map(() => 0),
    last: last.map((mean, i) => (counts[i]! > 0 ? sums[i]! / counts[i]! : mean)),
    beforeLast: beforeLast.map((mean, i) => (counts[i]! > 0 ? last[i]! : mean)),
  };
}
