import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '@espalier/core';
import writeFileAtomic from 'write-file-atomic';
import type { Comparison, TrainedRun } from './compare.js';
import { FileError } from './errors.js';
import { escapeHtml, htmlPage } from './html.js';
import { plotLibrary } from './plot-library.js';

/** A part of a report that its author made, such as pictures with predictions. */
export interface ReportSection {
  readonly title: string;
  /** HTML; whoever makes it escapes what is not theirs. */
  readonly html: string;
}

export interface Report {
  readonly title: string;
  /** What was done, in a sentence or two. */
  readonly summary: string;
  readonly comparison: Pick<Comparison<never>, 'tasks' | 'deltas' | 'runs'>;
  readonly sections: readonly ReportSection[];
}

/** How many points a curve is drawn with; each is the mean of the steps that it stands for. */
const CURVE_POINTS = 150;

/**
 * Writes a comparison as one HTML file that needs nothing beside it: the table, the loss curves of every task, and
 * the author's own sections.
 *
 * @throws FileError when the file cannot be written.
 */
export async function writeReport(file: string, report: Report): Promise<void> {
  const html = await renderReport(report);
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, html);
  } catch (cause) {
    throw new FileError(file, `cannot be written: ${messageOf(cause)}`, {
      cause,
    });
  }
}

async function renderReport({ title, summary, comparison, sections }: Report): Promise<string> {
  const { script, style } = await plotLibrary();
  const curves = comparison.tasks.map(({ task }) => ({ task, lines: lossCurves(task, comparison.runs) }));
  return htmlPage(
    title,
    `<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(summary)}</p>
<h2>Results on held-out examples</h2>
${resultTable(comparison)}
${runTable(comparison.runs)}
<h2>Losses while training</h2>
<div class="curves">${curves.map(({ task }) => `<figure><figcaption>${escapeHtml(task)}</figcaption><div class="curve" role="img" aria-label="Loss curves of ${escapeHtml(task)}"></div></figure>`).join('')}</div>
${sections.map((section) => `<h2>${escapeHtml(section.title)}</h2>\n${section.html}`).join('\n')}`,
    {
      style: style + CURVE_STYLE,
      scripts: `<script type="application/json" id="curves">${JSON.stringify(curves).replaceAll('<', '\\u003c')}</script>
<script>${script}</script>
<script>${DRAW_CURVES}</script>
`,
    },
  );
}

function resultTable({ tasks, deltas }: Report['comparison']): string {
  const rows = tasks.map(
    ({ task, metric, single, multi, delta }) =>
      `<tr><th scope="row">${escapeHtml(task)}</th><td>${escapeHtml(metric)}</td><td>${single.toFixed(4)}</td>` +
      `<td>${multi.toFixed(4)}</td><td>${signed(delta)}</td></tr>`,
  );
  return `<table id="results">
<thead><tr><th>task</th><th>metric</th><th>single-task</th><th>multi-task</th><th>Δ</th></tr></thead>
<tbody>${rows.join('')}</tbody>
<tfoot>
<tr><th scope="row" colspan="4">Δ, main metrics (Maninis et al. 2019)</th><td>${signed(deltas.mainMetrics)}</td></tr>
<tr><th scope="row" colspan="4">Δ, all metrics (CAGrad, Liu et al. 2021)</th><td>${signed(deltas.allMetrics)}</td></tr>
<tr><th scope="row" colspan="4">Δ, task means (LibMTL, Lin and Zhang 2023)</th><td>${signed(deltas.taskMeans)}</td></tr>
</tfoot>
</table>`;
}

function runTable(runs: readonly TrainedRun[]): string {
  const rows = runs.map(
    ({ name, parameters, steps, seconds }) =>
      `<tr><th scope="row">${escapeHtml(name)}</th><td>${parameters.toLocaleString('en')}</td>` +
      `<td>${steps.length.toLocaleString('en')}</td><td>${seconds.toFixed(1)} s</td>` +
      `<td>${percent(steps, seconds, 'seconds')}</td><td>${percent(steps, seconds, 'batchSeconds')}</td></tr>`,
  );
  return `<table id="runs">
<thead><tr><th>network</th><th>parameters</th><th>steps</th><th>training</th><th>inside steps</th><th>making batches</th></tr></thead>
<tbody>${rows.join('')}</tbody>
</table>`;
}

/** How much of a training was forward passes, gradients and updates, or the making of batches: maybe both at once. */
function percent(steps: TrainedRun['steps'], whole: number, of: 'seconds' | 'batchSeconds'): string {
  const own = steps.reduce((sum, step) => sum + (step[of] ?? 0), 0);
  return `${((100 * own) / whole).toFixed(1)} %`;
}

/** The loss of a task in every run that learned it. */
function lossCurves(task: string, runs: readonly TrainedRun[]) {
  return runs
    .filter(({ tasks }) => tasks.includes(task))
    .map(({ tasks, steps }) => ({
      label: tasks.length > 1 ? 'multi-task' : 'single-task',
      points: binned(
        steps.flatMap(({ step, losses }) => (losses[task] === undefined ? [] : [[step, losses[task]]])),
      ),
    }));
}

/** The same curve with at most CURVE_POINTS points, each the mean of its neighbours. */
function binned(points: readonly (readonly number[])[]): number[][] {
  const size = Math.max(Math.ceil(points.length / CURVE_POINTS), 1);
  const bins = Array.from({ length: Math.ceil(points.length / size) }, (_, bin) =>
    points.slice(bin * size, (bin + 1) * size),
  );
  return bins.map((bin) =>
    [0, 1].map((axis) => bin.reduce((sum, point) => sum + point[axis], 0) / bin.length),
  );
}

function signed(percent: number | undefined): string {
  return percent === undefined ? '–' : `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
}

const CURVE_STYLE = `
.curves { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; } figcaption { font-weight: 600; }
`;

const DRAW_CURVES = `
for (const [index, { lines }] of JSON.parse(document.getElementById('curves').textContent).entries()) {
  const colours = ['#2f7d4f', '#c06a2b'];
  const steps = [...new Set(lines.flatMap(({ points }) => points.map(([step]) => step)))].sort((a, b) => a - b);
  const values = lines.map(({ points }) => {
    const known = new Map(points);
    return steps.map((step) => known.get(step) ?? null);
  });
  new uPlot({
    width: 440, height: 260, scales: { x: { time: false }, y: { distr: 3 } },
    series: [{ label: 'step', value: (_, step) => step?.toFixed(0) ?? '' },
      ...lines.map(({ label }, line) => ({ label, stroke: colours[line], width: 2, spanGaps: true,
        value: (_, loss) => loss?.toFixed(3) ?? '' }))],
    axes: [{ label: 'step' }, { label: 'loss (logarithmic)' }],
  }, [steps, ...values], document.querySelectorAll('.curve')[index]);
}
`;
