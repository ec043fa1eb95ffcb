import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { JudgedTask } from '../delta.js';
import type { GridSummary } from './summary.js';

const SIZE = 420;
const LEGEND = 320;
const LINE = 16;
const COLUMNS = 3;
const COLOURS = { fixed: '#8a8f98', method: '#0b6bb5', single: '#d1495b' };

/**
 * Main metrics of every pair of tasks against each other, as SVG; up and right is better. A dot is a row of the table,
 * by its number, filled where no other row is at least as good in every task; dashed lines are the single-task networks.
 */
export function paretoPicture(summary: GridSummary): string {
  const { tasks, rows } = summary;
  const pairs = tasks.flatMap((first, place) => tasks.slice(place + 1).map((second) => [first, second]));
  const panels = pairs.map(([x, y], place) =>
    panel(summary, x, y, (place % COLUMNS) * SIZE, Math.floor(place / COLUMNS) * SIZE),
  );
  const right = Math.min(pairs.length, COLUMNS) * SIZE;
  const width = right + LEGEND;
  const height = Math.max(Math.ceil(pairs.length / COLUMNS) * SIZE, (rows.length + 3) * LINE);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `role="img" aria-label="${rows.length} choices by the main metrics of ${tasks.length} tasks" ` +
    `font-family="system-ui, sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>` +
    `${panels.join('')}${legend(summary, right + 12)}</svg>\n`
  );
}

function panel(summary: GridSummary, first: JudgedTask, second: JudgedTask, x: number, y: number): string {
  const { document } = parseHTML('<html><body></body></html>');
  const [singleX, singleY] = [first, second].map((task) => {
    const value = mainOf(task, summary.single);
    return value === undefined ? [] : [value];
  });
  const marks = summary.rows.flatMap((row, place) => {
    const [valueX, valueY] = [mainOf(first, row.test), mainOf(second, row.test)];
    if (valueX === undefined || valueY === undefined) return [];
    const colour = colourOf(row);
    return [
      {
        x: valueX,
        y: valueY,
        stroke: colour,
        fill: row.pareto ? colour : 'white',
        number: `${place + 1}`,
        title: nameOf(row),
      },
    ];
  });
  const dashed = { stroke: COLOURS.single, strokeDasharray: '4 3' };
  const drawing = Plot.plot({
    document,
    width: SIZE,
    height: SIZE,
    marginLeft: 60,
    marginBottom: 45,
    inset: 20,
    style: { background: 'white', color: '#111' },
    x: { label: labelOf(first), reverse: first.metrics[0].better === 'lower', grid: true, nice: true },
    y: { label: labelOf(second), reverse: second.metrics[0].better === 'lower', grid: true, nice: true },
    marks: [
      Plot.ruleX(singleX, dashed),
      Plot.ruleY(singleY, dashed),
      Plot.dot(marks, {
        x: 'x',
        y: 'y',
        r: 5,
        stroke: 'stroke',
        fill: 'fill',
        strokeWidth: 1.5,
        title: 'title',
      }),
      Plot.text(marks, { x: 'x', y: 'y', text: 'number', dx: 7, dy: -8, fontSize: 10, textAnchor: 'start' }),
    ],
  });
  drawing.setAttribute('x', String(x));
  drawing.setAttribute('y', String(y));
  drawing.querySelector('style')?.remove();
  return drawing.outerHTML;
}

/** The rows by their numbers, as text. */
function legend({ rows }: GridSummary, x: number): string {
  const line = (place: number, colour: string, text: string) =>
    `<text x="${x}" y="${(place + 2) * LINE}" fill="${colour}">${text}</text>`;
  return [
    ...rows.map((row, place) =>
      line(place, colourOf(row), `${place + 1} ${row.pareto ? '●' : '○'} ${nameOf(row)}`),
    ),
    line(rows.length, COLOURS.single, '┄ single-task'),
  ].join('');
}

/** Names of rows are letters, digits, dots and dashes: they need no escapes. */
function nameOf({ kind, sharing, weighting, aggregator }: GridSummary['rows'][number]): string {
  return kind === 'fixed' ? `${sharing} × fixed: ${weighting}` : `${sharing} × ${weighting} × ${aggregator}`;
}

function colourOf({ kind }: GridSummary['rows'][number]): string {
  return COLOURS[kind];
}

function mainOf(
  { name, metrics: [{ name: metric }] }: JudgedTask,
  test: GridSummary['single'],
): number | undefined {
  return test[name]?.[metric]?.mean;
}

function labelOf({ name, metrics: [{ name: metric, better }] }: JudgedTask): string {
  return `${name}: ${metric}, ${better} is better`;
}
