import type { Spread } from '../paired-test.js';
import type { GridRow, GridSummary } from './summary.js';

/** A grid as a table in Markdown. */
export function tableOf({ tasks, rows, failed, single, singleParameters }: GridSummary): string {
  const columns = tasks.flatMap(({ name: task, metrics }) =>
    metrics.map(({ name, better }) => ({ task, metric: name, arrow: better === 'higher' ? '↑' : '↓' })),
  );
  const values = (test: GridRow['test']) =>
    columns.map(({ task, metric }) => withSpread(test[task]?.[metric], 4));
  const head = [
    'no.',
    'sharing',
    'weighting',
    'aggregator',
    'parameters',
    ...columns.map(({ task, metric, arrow }) => `${task}: ${metric} ${arrow}`),
    'Δ validation',
    'Δ main metrics',
    'Δ all metrics',
    'Δ task means',
    'p against equal',
    'Pareto',
  ];
  const body = rows.map((row, place) => [
    String(place + 1),
    row.sharing,
    row.kind === 'fixed' ? `fixed: ${row.weighting}` : row.weighting,
    row.aggregator,
    row.parameters.toLocaleString('en'),
    ...values(row.test),
    withSpread(row.validationDelta, 1),
    withSpread(row.testDelta.mainMetrics, 1),
    withSpread(row.testDelta.allMetrics, 1),
    withSpread(row.testDelta.taskMeans, 1),
    row.againstEqual === undefined ? '–' : row.againstEqual.p.toFixed(3),
    row.pareto ? '●' : '',
  ]);
  const singleRow = ['', 'single-task', '–', '–', singleParameters.toLocaleString('en'), ...values(single)];
  const failures = failed.map(({ job, failed: reason }) => {
    const { task, sharing, weighting, aggregator, seed } = job;
    const network = task === undefined ? `${sharing} × ${weighting} × ${aggregator}` : `single-task ${task}`;
    return `- ${network}, seed ${seed}: ${reason}`;
  });
  return [
    line(head),
    line(head.map(() => '---')),
    line(padded(singleRow, head.length)),
    ...body.map(line),
    '',
    NOTES,
    ...(failures.length > 0 ? ['', 'Trainings that broke off:', '', ...failures] : []),
    '',
  ].join('\n');
}

const NOTES =
  'Means ± sample standard deviations over the seeds, on the examples to test on; rows are ordered by Δ on the examples ' +
  'to validate on. Δ in percent of the single-task networks of the same seeds: main metrics (Maninis et al. 2019), all ' +
  'metrics (CAGrad, Liu et al. 2021), task means (LibMTL, Lin and Zhang 2023). p: two-sided paired t-test of Δ (main ' +
  'metrics) against equal fixed weights with the same sharing, not corrected for the number of rows.';

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function padded(cells: readonly string[], length: number): string[] {
  return [...cells, ...Array.from({ length: length - cells.length }, () => '')];
}

function withSpread(spread: Spread | undefined, digits: number): string {
  if (spread === undefined) return '–';
  return `${spread.mean.toFixed(digits)} ± ${spread.deviation.toFixed(digits)}`;
}
