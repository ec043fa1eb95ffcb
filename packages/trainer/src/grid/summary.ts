import { type Deltas, deltas, type JudgedTask, type MetricValues } from '../delta.js';
import { type PairedTest, pairedTest, type Spread, spreadOf } from '../paired-test.js';
import { EQUAL_WEIGHTS, type GridJob } from './jobs.js';
import type { FailedJob, JobResult } from './run-job.js';

/** One choice of sharing, weighting and aggregator over all seeds. */
export interface GridRow extends Pick<GridJob, 'kind' | 'sharing' | 'weighting' | 'aggregator'> {
  readonly parameters: number;
  /** The seeds that were trained to the end. */
  readonly seeds: readonly number[];
  /** Why the others were not. */
  readonly failed: readonly string[];
  /** Every metric of every task on the examples to test on. */
  readonly test: Readonly<Record<string, Readonly<Record<string, Spread>>>>;
  /** Δ of the main metrics on the examples to choose by, over the seeds; what rows are ordered by. */
  readonly validationDelta: Spread | undefined;
  /** The same and its other conventions on the examples to test on. */
  readonly testDelta: { readonly [Convention in keyof Deltas]: Spread | undefined };
  /** Whether its Δ on the examples to test on differs from that of equal fixed weights, seed by seed. */
  readonly againstEqual: PairedTest | undefined;
  /** Whether no other row is at least as good in every task's main metric, and better in one, on the examples to test on. */
  readonly pareto: boolean;
}

export interface GridSummary {
  readonly tasks: readonly JudgedTask[];
  /** The best by `validationDelta` first; those without a Δ last. */
  readonly rows: readonly GridRow[];
  /** The networks whose training broke off, single-task ones too. */
  readonly failed: readonly FailedJob[];
  /** The single-task networks' values on the examples to test on. */
  readonly single: GridRow['test'];
  /** The weights of all the single-task networks together. */
  readonly singleParameters: number;
}

const CONVENTIONS = ['mainMetrics', 'allMetrics', 'taskMeans'] as const;

/** What a grid's results say, in the order of the examples to choose by. */
export function summarize(
  tasks: readonly JudgedTask[],
  outcomes: readonly (JobResult | FailedJob)[],
): GridSummary {
  const single = outcomes.filter(isResult).filter(({ job }) => job.kind === 'single');
  const singleValues = (seed: number, part: 'validation' | 'test'): MetricValues =>
    Object.assign({}, ...single.filter(({ job }) => job.seed === seed).map((result) => result[part]));

  const groups = new Map<string, (JobResult | FailedJob)[]>();
  for (const outcome of outcomes) {
    if (outcome.job.kind === 'single') continue;
    const key = keyOf(outcome.job);
    groups.set(key, [...(groups.get(key) ?? []), outcome]);
  }
  const withDeltas = [...groups.values()].map((group) => {
    const results = group.filter(isResult);
    const complete = results.filter(({ job }) =>
      tasks.every(({ name }) => name in singleValues(job.seed, 'test')),
    );
    const of = (part: 'validation' | 'test') =>
      complete.map((result) => ({
        seed: result.job.seed,
        ...deltas(tasks, result[part], singleValues(result.job.seed, part)),
      }));
    return { group, results, validation: of('validation'), test: of('test') };
  });

  const rows = withDeltas.map(({ group, results, validation, test }): Omit<GridRow, 'pareto'> => {
    const { kind, sharing, weighting, aggregator } = group[0].job;
    const equal = withDeltas.find(
      ({ group: [{ job }] }) =>
        job.kind === 'fixed' && job.sharing === sharing && job.weighting === EQUAL_WEIGHTS,
    );
    const pairs = test.flatMap(({ seed, mainMetrics }) => {
      const other = equal?.test.find((own) => own.seed === seed)?.mainMetrics;
      return mainMetrics === undefined || other === undefined ? [] : [[mainMetrics, other]];
    });
    return {
      kind,
      sharing,
      weighting,
      aggregator,
      parameters: results[0]?.parameters ?? 0,
      seeds: results.map(({ job }) => job.seed),
      failed: group.flatMap((outcome) => (isResult(outcome) ? [] : [outcome.failed])),
      test: metricSpreads(tasks, results),
      validationDelta: knownSpread(validation.map(({ mainMetrics }) => mainMetrics)),
      testDelta: Object.fromEntries(
        CONVENTIONS.map((convention) => [convention, knownSpread(test.map((own) => own[convention]))]),
      ) as GridRow['testDelta'],
      againstEqual: pairedTest(
        pairs.map(([own]) => own),
        pairs.map(([, other]) => other),
      ),
    };
  });
  const order = rows.map((row) => ({ ...row, pareto: !rows.some((other) => dominates(other, row, tasks)) }));
  order.sort((a, b) => (b.validationDelta?.mean ?? -Infinity) - (a.validationDelta?.mean ?? -Infinity));
  const singleTests = single.map(({ job, test, parameters }) => ({ job, test, parameters }));
  return {
    tasks,
    rows: order,
    failed: outcomes.filter((outcome): outcome is FailedJob => !isResult(outcome)),
    single: metricSpreads(tasks, singleTests),
    singleParameters: tasks.reduce(
      (sum, { name }) => sum + (single.find(({ job }) => job.task === name)?.parameters ?? 0),
      0,
    ),
  };
}

function isResult(outcome: JobResult | FailedJob): outcome is JobResult {
  return 'test' in outcome;
}

function keyOf({ sharing, weighting, aggregator, kind }: GridJob): string {
  return JSON.stringify([kind, sharing, weighting, aggregator]);
}

/** Over the seeds that have the task. */
function metricSpreads(
  tasks: readonly JudgedTask[],
  results: readonly Pick<JobResult, 'test'>[],
): GridRow['test'] {
  return Object.fromEntries(
    tasks.flatMap(({ name, metrics }) => {
      const own = results.flatMap(({ test }) => (name in test ? [test[name]] : []));
      if (own.length === 0) return [];
      const spreads = metrics.map((metric) => [
        metric.name,
        spreadOf(own.map((values) => values[metric.name])),
      ]);
      return [[name, Object.fromEntries(spreads)]];
    }),
  );
}

function knownSpread(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 || known.length < values.length ? undefined : spreadOf(known);
}

function dominates(
  first: Pick<GridRow, 'test' | 'seeds'>,
  second: Pick<GridRow, 'test' | 'seeds'>,
  tasks: readonly JudgedTask[],
): boolean {
  if (first.seeds.length === 0) return false;
  if (second.seeds.length === 0) return true;
  const gains = tasks.map(({ name, metrics: [{ name: metric, better }] }) => {
    const gain = first.test[name][metric].mean - second.test[name][metric].mean;
    return better === 'higher' ? gain : -gain;
  });
  return gains.every((gain) => gain >= 0) && gains.some((gain) => gain > 0);
}
