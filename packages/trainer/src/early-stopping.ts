import type { Heads, TaskName } from '@espalier/core';
import type { JudgedTask, MetricValues } from './delta.js';
import { TrainerError } from './errors.js';
import { checkTaskNames } from './task-names.js';

export interface EarlyStoppingOptions<H extends Heads> {
  /** The task whose main metric decides; `all` for the mean over the tasks of what their main metrics gained. */
  readonly by: TaskName<H> | 'all';
  /** After how many evaluations without a gain to stop. */
  readonly patience: number;
  /** The least gain that counts, as a part of the value (0). */
  readonly leastGain?: number;
}

/** Decides when to stop, evaluation after evaluation, on examples that are neither trained nor tested on. */
export interface EarlyStopping {
  /** @returns whether this evaluation is the best so far, and whether to stop after it. */
  observe(evaluation: MetricValues): { readonly best: boolean; readonly stop: boolean };
  state(): EarlyStoppingState;
  load(state: EarlyStoppingState): void;
}

/** Plain data that survives JSON. */
export interface EarlyStoppingState {
  readonly best: MetricValues | null;
  readonly since: number;
}

/**
 * Gains are relative, (new − best) / max(|new|, |best|) in the direction of the metric, so that tasks of different
 * scales count alike.
 *
 * @throws TrainerError when `by` names a task that the model lacks, or patience is no whole number from 1.
 */
export function earlyStopping<H extends Heads>(
  tasks: readonly JudgedTask[],
  { by, patience, leastGain = 0 }: EarlyStoppingOptions<H>,
): EarlyStopping {
  if (by !== 'all') {
    checkTaskNames(
      [by],
      tasks.map(({ name }) => name),
      'Early stopping',
    );
  }
  if (!Number.isInteger(patience) || patience < 1) {
    throw new TrainerError(`The patience of early stopping is ${patience}; expected a whole number from 1.`);
  }
  const judged = tasks.filter(({ name }) => by === 'all' || name === by);
  let best: MetricValues | null = null;
  let since = 0;
  return {
    observe(evaluation) {
      const previous = best;
      const gains = judged.map(({ name, metrics: [main] }) =>
        previous === null
          ? Infinity
          : gain(evaluation[name][main.name], previous[name][main.name], main.better),
      );
      const better = gains.reduce((sum, value) => sum + value, 0) / gains.length > leastGain;
      if (better) best = evaluation;
      since = better ? 0 : since + 1;
      return { best: better, stop: since >= patience };
    },
    state: () => ({ best, since }),
    load(state) {
      ({ best, since } = state);
    },
  };
}

function gain(value: number, best: number, better: 'higher' | 'lower'): number {
  const scale = Math.max(Math.abs(value), Math.abs(best));
  if (scale === 0) return 0;
  return (better === 'higher' ? value - best : best - value) / scale;
}
