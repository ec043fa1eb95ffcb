import type { Figures, Runs } from './figures.js';

/** Prints an example's tables. */
export function printFigures(figures: Figures | Runs): void {
  if ('tasks' in figures) printComparison(figures);
  else printMetrics(figures);
  printRuns(figures);
}

function printComparison({ tasks, deltas, ofEqualSize }: Figures): void {
  printTasks({ tasks, deltas });
  if (ofEqualSize === undefined) return;
  const { width, parameters } = ofEqualSize;
  console.log(
    `Beside single-task networks of ${round(width, 2)} times the width, which together have as many weights (${parameters}):`,
  );
  printTasks(ofEqualSize);
}

function printTasks({ tasks, deltas }: Pick<Figures, 'tasks' | 'deltas'>): void {
  console.table(
    Object.fromEntries(
      tasks.map(({ task, metric, single, multi, delta }) => [
        task,
        {
          metric,
          single: round(single, 4),
          multi: round(multi, 4),
          'Δ %': delta === undefined ? '–' : round(delta, 1),
        },
      ]),
    ),
  );
  const delta = deltas.mainMetrics;
  console.log(`Mean Δ: ${delta === undefined ? '–' : `${round(delta, 1)} %`}`);
}

function printMetrics({ runs }: Runs): void {
  const rows = runs.flatMap(({ name, evaluation }) =>
    Object.entries(evaluation).map(([task, metrics]) => [
      `${name}: ${task}`,
      Object.fromEntries(Object.entries(metrics).map(([metric, value]) => [metric, round(value, 4)])),
    ]),
  );
  console.table(Object.fromEntries(rows));
}

function printRuns({ runs }: Runs): void {
  console.table(
    Object.fromEntries(
      runs.map(({ name, parameters, steps, seconds }) => [
        name,
        { parameters, steps: steps.length, seconds: round(seconds, 1) },
      ]),
    ),
  );
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
