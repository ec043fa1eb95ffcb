import type { Heads, InputKind, MultiTaskModel, TaskName } from '@espalier/core';
import { type JudgedTask, judgedTasks, type MetricValues } from './delta.js';
import { type EarlyStoppingState, earlyStopping } from './early-stopping.js';
import { TrainerError } from './errors.js';
import type { Schedule } from './schedule.js';

export interface PlateauOptions<H extends Heads> {
  /** The task that decides; `all` for the mean over the tasks of what they gained. */
  readonly by: TaskName<H> | 'all';
  /**
   * What is looked at after every epoch: the main metrics on the validation data, or the mean training losses of the
   * epoch. An epoch in which one of the tasks that decide has no label does not count.
   */
  readonly of: 'metrics' | 'losses';
  /** After how many epochs without a gain the rate is reduced. */
  readonly patience: number;
  /** What the rate is multiplied by then (0.1). */
  readonly factor?: number;
  /** The least gain that counts, as a part of the value (0). */
  readonly leastGain?: number;
  /** The least that the schedule's rate is multiplied by in all (0). */
  readonly leastFactor?: number;
}

/** A schedule that follows how a training goes. A definition without state: `start` begins one training. */
export interface PlateauSchedule<H extends Heads> {
  readonly of: PlateauOptions<H>['of'];
  /** @throws TrainerError when it names a task that the model lacks. */
  start(tasks: readonly JudgedTask[]): RunningSchedule;
}

/** A schedule in the course of one training. */
export interface RunningSchedule {
  readonly rate: Schedule;
  /** Tells it of an epoch each task's mean training loss, and its metrics where there are validation data. */
  endEpoch(losses: Readonly<Record<string, number>>, evaluation: MetricValues | undefined): void;
  state(): PlateauState | undefined;
  load(state: PlateauState | undefined): void;
}

/** Plain data that survives JSON. */
export interface PlateauState {
  readonly factor: number;
  readonly gains: EarlyStoppingState;
}

/**
 * Reduces the rates of a schedule whenever learning stands still: ReduceLROnPlateau of Keras and PyTorch, by one task or
 * by what all of them gained. See `earlyStopping` for gains.
 *
 * @throws TrainerError when `factor` is not between 0 and 1, or patience is no whole number from 1.
 *
 * @example
 * ```ts
 * const schedule = reduceOnPlateau(warmup(constant(1e-3)), { by: 'all', of: 'metrics', patience: 3 });
 * ```
 */
export function reduceOnPlateau<H extends Heads>(
  schedule: Schedule,
  { of, factor: reduction = 0.1, leastFactor = 0, ...rules }: PlateauOptions<H>,
): PlateauSchedule<H> {
  if (!(reduction > 0 && reduction < 1)) {
    throw new TrainerError(`reduceOnPlateau: the factor is ${reduction}; expected a number between 0 and 1.`);
  }
  return {
    of,
    start(tasks) {
      const judged: readonly JudgedTask[] =
        of === 'metrics'
          ? tasks
          : tasks.map(({ name }) => ({ name, metrics: [{ name: 'loss', better: 'lower' }] }));
      const deciding = judged.filter(({ name }) => rules.by === 'all' || rules.by === name);
      const gains = earlyStopping<H>(judged, rules);
      let factor = 1;
      return {
        rate: (...place) => schedule(...place) * factor,
        endEpoch(losses, evaluation) {
          const values = of === 'metrics' ? (evaluation ?? {}) : lossesAsMetrics(losses);
          if (deciding.some(({ name }) => values[name] === undefined)) return;
          if (!gains.observe(values).stop) return;
          factor = Math.max(factor * reduction, leastFactor);
          gains.load({ ...gains.state(), since: 0 });
        },
        state: () => ({ factor, gains: gains.state() }),
        load(state) {
          if (state === undefined) return;
          ({ factor } = state);
          gains.load(state.gains);
        },
      };
    },
  };
}

/**
 * Begins a schedule, one that follows the training or not.
 *
 * @throws TrainerError when it follows metrics and there are no validation data, or names a task that the model lacks.
 */
export function startSchedule<H extends Heads, I extends InputKind>(
  schedule: Schedule | PlateauSchedule<H>,
  model: MultiTaskModel<H, I>,
  validated: boolean,
): RunningSchedule {
  if (typeof schedule === 'function') {
    return { rate: schedule, endEpoch() {}, state: () => undefined, load() {} };
  }
  if (schedule.of === 'metrics' && !validated) {
    throw new TrainerError(
      'The schedule reduceOnPlateau follows metrics on validation data, and there are none. Give `validation`, or let it ' +
        "follow the training losses: of: 'losses'.",
    );
  }
  return schedule.start(judgedTasks(model));
}

function lossesAsMetrics(losses: Readonly<Record<string, number>>): MetricValues {
  return Object.fromEntries(Object.entries(losses).map(([task, loss]) => [task, { loss }]));
}
