import { pairedTest, type Spread, spreadOf } from '@espalier/trainer';
import type { SeedFigures } from './seed-figures.js';

/** A metric over the seeds, with its value for each. */
interface Repeated extends Spread {
  readonly task: string;
  readonly metric: string;
  readonly values: readonly number[];
}

/** What the runs of an example found that differ in their seed. */
export interface OverSeeds {
  readonly seeds: readonly number[];
  /** Where the example compares with single tasks: each by its first metric. */
  readonly tasks: readonly {
    readonly task: string;
    readonly metric: string;
    readonly single: Spread;
    readonly multi: Spread;
    /** Of Student's paired t-test between the two; `undefined` where all differences are equal. */
    readonly p: number | undefined;
  }[];
  readonly runs: readonly {
    readonly name: string;
    readonly parameters: number;
    /** Of training. */
    readonly seconds: Spread;
    readonly metrics: readonly Repeated[];
  }[];
}

/** Means and spread over seeds. */
export function overSeeds(found: readonly SeedFigures[]): OverSeeds {
  const [first] = found;
  return {
    seeds: found.map(({ seed }) => seed),
    tasks: Object.entries(first.tasks ?? {}).map(([task, { metric }]) => {
      const single = found.map(({ tasks }) => tasks?.[task].single ?? Number.NaN);
      const multi = found.map(({ tasks }) => tasks?.[task].multi ?? Number.NaN);
      return {
        task,
        metric,
        single: spreadOf(single),
        multi: spreadOf(multi),
        p: pairedTest(multi, single)?.p,
      };
    }),
    runs: Object.entries(first.runs).map(([name, { parameters, evaluation }]) => ({
      name,
      parameters,
      seconds: spreadOf(found.map(({ runs }) => runs[name].seconds)),
      metrics: Object.entries(evaluation).flatMap(([task, metrics]) =>
        Object.keys(metrics).map((metric) => {
          const values = found.map(({ runs }) => runs[name].evaluation[task][metric]);
          return { task, metric, values, ...spreadOf(values) };
        }),
      ),
    })),
  };
}
