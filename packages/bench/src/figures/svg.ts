import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

export const colours = {
  ink: '#111',
  blue: '#0b6bb5',
  red: '#d1495b',
  green: '#2f7d4f',
  ochre: '#b7791f',
  grey: '#8a8f98',
};

/** A plot as an SVG that stands alone, in the documentation's style. */
export function svg(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<html><body></body></html>');
  const drawing = Plot.plot({
    document,
    width: 760,
    height: 360,
    marginTop: 78,
    marginLeft: 50,
    marginBottom: 46,
    ...options,
    fx: { label: null, ...options.fx },
    style: { background: 'white', fontFamily: 'system-ui, sans-serif', fontSize: '13px', color: colours.ink },
  });
  drawing.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  drawing.setAttribute('role', 'img');
  // For pages that embed it; alone it needs none of it.
  drawing.querySelector('style')?.remove();
  // A tenth of a pixel is enough, and a third of the bytes.
  const short = drawing.outerHTML.replace(/<[^>]+>/g, (tag: string) =>
    tag.replace(/\d+\.\d{2,}/g, (number) => String(Number(Number(number).toFixed(1)))),
  );
  return `${short}\n`;
}

/** The scale of named colours. */
export const scaleOf = (names: Readonly<Record<string, string>>): Plot.ScaleOptions => ({
  domain: Object.keys(names),
  range: Object.values(names),
});

/** The names of colours in a row above the plot. */
export function legend(
  names: Readonly<Record<string, string>>,
  facet: Readonly<Record<string, string>> = {},
): Plot.Markish[] {
  let dx = 0;
  return Object.entries(names).map(([name, fill]) => {
    const mark = Plot.text([facet], {
      ...(facet.fx === undefined ? {} : { fx: 'fx' }),
      text: () => `● ${name}`,
      fill,
      frameAnchor: 'top-left',
      dx,
      dy: -40,
      fontWeight: 600,
    });
    dx += 40 + 7.5 * name.length;
    return mark;
  });
}

/** An axis of errors divided by those of single-task networks, on which twice and half are equally far from 1. */
export const timesAlone: Plot.ScaleOptions = {
  type: 'log',
  label: 'error, times that alone',
  grid: true,
  ticks: [0.25, 0.5, 1, 2, 4, 8, 16],
  tickFormat: (value: number) => (value < 1 ? `1/${1 / value}` : String(value)),
};

/** Where company neither helps nor harms. */
export const asAlone: Plot.Markish = Plot.ruleY([1], { stroke: colours.ink });

/** Lines through the medians over seeds, named at their ends, with the single runs as dots. */
export function mediansOverSeeds<Row>(
  rows: readonly Row[],
  at: {
    readonly x: (row: Row) => number;
    readonly y: (row: Row) => number;
    readonly z: (row: Row) => string;
    readonly fx?: (row: Row) => string;
  },
): Plot.Markish[] {
  const points = rows.map((row) => ({ x: at.x(row), y: at.y(row), z: at.z(row), fx: at.fx?.(row) }));
  const facet = at.fx === undefined ? {} : { fx: 'fx' };
  return [
    Plot.frame({ stroke: '#d0d4da' }),
    Plot.dot(points, { ...facet, x: 'x', y: 'y', stroke: 'z', r: 2, strokeOpacity: 0.45 }),
    Plot.line(points, {
      ...Plot.groupX({ y: 'median' }, { ...facet, x: 'x', y: 'y', z: 'z', stroke: 'z' }),
      strokeWidth: 2.2,
    }),
  ];
}
