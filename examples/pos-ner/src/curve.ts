import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Measured } from './few-labels.js';

const COLOURS = { domain: ['multi-task', 'single-task'], range: ['#0b6bb5', '#d1495b'] };

/** Lines through the means over seeds by the share that is labelled, with the single networks as dots, as an SVG. */
export function curve(rows: readonly Measured[]): string {
  const { document } = parseHTML('<html><body></body></html>');
  const place = { x: 'share', y: 'f1', z: 'network', stroke: 'network' };
  const drawing = Plot.plot({
    document,
    width: 640,
    height: 360,
    marginTop: 40,
    marginLeft: 50,
    marginRight: 90,
    marginBottom: 46,
    style: { background: 'white', fontFamily: 'system-ui, sans-serif', fontSize: '13px', color: '#111' },
    ariaLabel: 'F1 of named entities by the share of sentences whose entities are labelled',
    x: {
      percent: true,
      label: 'sentences whose entities are labelled, %',
      labelOffset: 40,
      ticks: [10, 25, 50, 100],
    },
    y: { label: 'entity F1', grid: true, zero: true },
    color: COLOURS,
    marks: [
      Plot.frame({ stroke: '#d0d4da' }),
      Plot.dot(rows, { ...place, r: 2, strokeOpacity: 0.45 }),
      Plot.line(rows, { ...Plot.groupX({ y: 'mean' }, place), strokeWidth: 2.2 }),
      Plot.text(
        rows.filter(({ share }) => share === 1),
        Plot.groupX(
          { y: 'mean', text: 'first' },
          { x: 'share', y: 'f1', z: 'network', fill: 'network', text: 'network', textAnchor: 'start', dx: 8 },
        ),
      ),
    ],
  });
  drawing.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  drawing.setAttribute('role', 'img');
  return `${drawing.outerHTML}\n`;
}
