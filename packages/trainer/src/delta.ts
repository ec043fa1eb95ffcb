import type { Heads, MultiTaskModel } from '@espalier/core';
import { TrainerError } from './errors.js';

/** The value of every metric of every task. */
export type MetricValues = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** The metrics that a task is judged by; the first is its main one. */
export interface JudgedTask {
  readonly name: string;
  readonly metrics: readonly { readonly name: string; readonly better: 'higher' | 'lower' }[];
}

/**
 * How much better a network is than the single-task ones, in percent of these, in the published conventions. They
 * agree where every task has one metric. `undefined` where a single-task value is 0: there is no percentage of it.
 */
export interface Deltas {
  /** Δ_m: the mean over the tasks, each by its main metric (K.-K. Maninis et al., CVPR 2019, equation 3). */
  readonly mainMetrics: number | undefined;
  /** Δ_m: the mean over all metrics of all tasks, each counting alike (B. Liu et al., "CAGrad", NeurIPS 2021, section 5). */
  readonly allMetrics: number | undefined;
  /** Δ_p: the mean over the tasks, each by the mean over its metrics (B. Lin, Y. Zhang, "LibMTL", JMLR 2023). */
  readonly taskMeans: number | undefined;
}

/** The Δ of a network by the values of its tasks' metrics and those of the single-task networks. */
export function deltas(tasks: readonly JudgedTask[], values: MetricValues, single: MetricValues): Deltas {
  const gains = tasks.map(({ name, metrics }) =>
    metrics.map((metric) =>
      relativeGain(values[name][metric.name], single[name][metric.name], metric.better),
    ),
  );
  return {
    mainMetrics: mean(gains.map(([main]) => main)),
    allMetrics: mean(gains.flat()),
    taskMeans: mean(gains.map(mean)),
  };
}

/** How much better a value is than another, in percent of it; `undefined` in percent of 0. */
export function relativeGain(value: number, of: number, better: 'higher' | 'lower'): number | undefined {
  if (of === 0) return undefined;
  return (100 * (better === 'higher' ? value - of : of - value)) / Math.abs(of);
}

function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length < values.length
    ? undefined
    : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/**
 * A model's tasks with the metrics that they are judged by, and which direction of each is better.
 *
 * @throws TrainerError naming the first metric that does not say in which direction it is better.
 */
export function judgedTasks<H extends Heads>({
  tasks,
}: Pick<MultiTaskModel<H>, 'tasks'>): readonly JudgedTask[] {
  for (const { name, head } of tasks) {
    for (const metric of head.metrics) {
      if (metric.better === 'higher' || metric.better === 'lower') continue;
      throw new TrainerError(
        `Task "${name}": its metric "${metric.name}" does not say whether higher or lower values are better; ` +
          `\`better\` is ${JSON.stringify(metric.better)}, expected "higher" or "lower".`,
      );
    }
  }
  return tasks.map(({ name, head }) => ({ name, metrics: head.metrics }));
}
