import { resolve } from 'node:path';
import type { Spread } from '@espalier/trainer';
import { escapeHtml, htmlPage } from '@espalier/trainer/node';
import writeFileAtomic from 'write-file-atomic';
import type { OverSeeds } from './over-seeds.js';

/** Prints mean and spread of every task over the seeds. */
export function printSeeds({ seeds, tasks, runs }: OverSeeds): void {
  console.log(`Seeds ${seeds.join(', ')}: mean ± standard deviation`);
  if (tasks.length > 0) {
    console.table(
      Object.fromEntries(
        tasks.map(({ task, metric, single, multi, p }) => [
          task,
          { metric, single: written(single), multi: written(multi), p: p === undefined ? '–' : p.toFixed(3) },
        ]),
      ),
    );
  }
  console.table(
    Object.fromEntries(
      runs.flatMap(({ name, metrics }) =>
        metrics.map(({ task, metric, ...spread }) => [
          `${name}: ${task} ${metric}`,
          { 'mean ± sd': written(spread) },
        ]),
      ),
    ),
  );
}

/**
 * Writes `report.html` in the folder: mean and spread of every metric, with links to the reports of the seeds.
 *
 * @returns its place.
 */
export async function writeSeedsReport(folder: string, example: string, found: OverSeeds): Promise<string> {
  const file = resolve(folder, 'report.html');
  await writeFileAtomic(file, render(example, found));
  return file;
}

function render(example: string, { seeds, tasks, runs }: OverSeeds): string {
  const title = `${example}: ${seeds.length} seeds`;
  const links = seeds.map((seed) => `<a href="seed-${seed}/report.html">seed ${seed}</a>`);
  const networks = runs.map(({ name, parameters, seconds }) => [
    name,
    parameters.toLocaleString('en'),
    `${seconds.mean.toFixed(1)} ± ${seconds.deviation.toFixed(1)} s`,
  ]);
  const compared = tasks.map(({ task, metric, single, multi, p }) => [
    task,
    metric,
    written(single),
    written(multi),
    p === undefined ? '–' : p.toFixed(3),
  ]);
  const metrics = runs.flatMap(({ name, metrics }) =>
    metrics.map(({ task, metric, values, ...spread }) => [
      name,
      task,
      metric,
      written(spread),
      ...values.map((value) => value.toFixed(4)),
    ]),
  );
  return htmlPage(
    title,
    `<h1>${escapeHtml(title)}</h1>
<p>Mean ± sample standard deviation over runs that differ in their seed: of weights, data and order. p is of Student's
paired t-test between single-task and multi-task. Reports of the runs: ${links.join(', ')}.</p>
${compared.length > 0 ? table('results', ['task', 'metric', 'single-task', 'multi-task', 'p'], compared) : ''}
${table('runs', ['network', 'parameters', 'training'], networks)}
<h2>Every metric</h2>
${table('metrics', ['network', 'task', 'metric', 'mean', ...seeds.map((seed) => `seed ${seed}`)], metrics)}`,
  );
}

function table(id: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = ([first, ...rest]: readonly string[]) =>
    `<tr><th scope="row">${escapeHtml(first)}</th>${rest.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  return `<table id="${id}">
<thead><tr>${head.map((cell) => `<th>${escapeHtml(cell)}</th>`).join('')}</tr></thead>
<tbody>${rows.map(cells).join('')}</tbody>
</table>`;
}

function written({ mean, deviation }: Spread): string {
  return `${mean.toFixed(4)} ± ${deviation.toFixed(4)}`;
}
