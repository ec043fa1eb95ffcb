/** `pnpm bench toy-picture`: draws docs/loss-combiners.svg. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Aggregator, aggregators, type Weighting, weightings } from '@espalier/losses';
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { seeded } from './numbers.js';
import { followAggregator, followWeighting, isPareto, type Point, starts, toy } from './toy.js';

const steps = 30_000;
const onGradients = (method: Aggregator) => (start: Point) =>
  followAggregator(method, start, steps, seeded(1));
const onLosses = (method: Weighting) => (start: Point) => followWeighting(method, start, steps, seeded(1));

const methods: Record<string, (start: Point) => Point[]> = {
  'sum of losses': onLosses(weightings.sum()),
  'uncertainty weighting': onLosses(weightings.uncertainty() as Weighting),
  FAMO: onLosses(weightings.famo({ minLosses: [-2.1, -21] }) as Weighting),
  GradDrop: onGradients(aggregators.gradDrop()),
  MGDA: onGradients(aggregators.mgda()),
  PCGrad: onGradients(aggregators.pcGrad()),
  CAGrad: onGradients(aggregators.caGrad({ c: 0.5 })),
  'IMTL-G': onGradients(aggregators.imtlG()),
  UPGrad: onGradients(aggregators.upGrad()),
  'Nash-MTL': onGradients(aggregators.nashMtl()),
  FairGrad: onGradients(aggregators.fairGrad({ alpha: 2 })),
  'Aligned-MTL': onGradients(aggregators.alignedMtl()),
};

const columns = 4;
const [low, high] = [-11, 11];
const colours = { arrives: '#0b6bb5', stays: '#d1495b', pareto: '#111', ground: '#8a8f98' };

/** The points that the eye can tell apart, and the last. */
function thin(path: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const point of path) {
    const last = kept.at(-1);
    if (!last || Math.hypot(point[0] - last[0], point[1] - last[1]) > 0.2) kept.push(point);
  }
  return [...kept, path.at(-1)!];
}

const panels = Object.entries(methods).map(([name, follow], i) => ({
  name,
  place: { fx: i % columns, fy: Math.floor(i / columns) },
  paths: starts.map((start) => thin(follow(start))),
}));

const paths = panels.flatMap(({ name, place, paths }) =>
  paths.map((path, i) => ({ path, place, id: `${name} ${i}`, arrives: isPareto(path.at(-1)!) })),
);
const points = paths.flatMap(({ path, place, id, arrives }) =>
  path.map(([x, y]) => ({ ...place, x, y, id, arrives })),
);
const ends = paths.map(({ path, place, arrives }) => ({
  ...place,
  x: path.at(-1)![0],
  y: path.at(-1)![1],
  arrives,
}));
const facet = { fx: 'fx', fy: 'fy' } as const;
const stroke = ({ arrives }: { arrives: boolean }) => (arrives ? colours.arrives : colours.stays);

const { document } = parseHTML('<html><body></body></html>');
const rows = Math.ceil(panels.length / columns);
const drawing = Plot.plot({
  document,
  ariaLabel: `The paths of ${panels.length} methods on a problem of two tasks, from ${starts.length} starting points`,
  width: 960,
  height: 260 * rows + 20,
  margin: 4,
  marginTop: 30,
  marginBottom: 8,
  style: { background: 'white', fontFamily: 'system-ui, sans-serif', fontSize: '13px', color: '#111' },
  x: { domain: [low, high], axis: null },
  y: { domain: [low, high], axis: null },
  fx: { axis: null, padding: 0.05 },
  fy: { axis: null, padding: 0.14 },
  marks: [
    Plot.contour({
      x1: low,
      x2: high,
      y1: low,
      y2: high,
      // In equal parts: the first loss is ten times smaller.
      value: (x: number, y: number) => 10 * toy([x, y]).losses[0] + toy([x, y]).losses[1],
      interval: 4,
      pixelSize: 8,
      stroke: colours.ground,
      strokeOpacity: 0.5,
      strokeWidth: 0.7,
      clip: true,
    }),
    Plot.frame({ stroke: '#d0d4da' }),
    Plot.line(
      [
        [-7, -8.39],
        [7, -8.39],
      ],
      { stroke: colours.pareto, strokeWidth: 5, strokeOpacity: 0.25, strokeLinecap: 'round' },
    ),
    Plot.line(points, { ...facet, x: 'x', y: 'y', z: 'id', stroke, strokeWidth: 1.6, clip: true }),
    Plot.dot(
      starts.map(([x, y]) => ({ x, y })),
      { x: 'x', y: 'y', r: 3, fill: 'white', stroke: '#111', strokeWidth: 1.2 },
    ),
    Plot.dot(ends, {
      ...facet,
      x: 'x',
      y: 'y',
      r: 4,
      symbol: ({ arrives }: { arrives: boolean }) => (arrives ? 'circle' : 'times'),
      fill: stroke,
      stroke,
      strokeWidth: 2,
    }),
    Plot.text(panels, {
      fx: ({ place }) => place.fx,
      fy: ({ place }) => place.fy,
      text: 'name',
      frameAnchor: 'top-left',
      dy: -18,
      fontWeight: 600,
    }),
  ],
});
drawing.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
drawing.setAttribute('role', 'img');
// For pages that embed it; alone it needs none of it.
drawing.querySelector('style')?.remove();

const file = fileURLToPath(new URL('../../../docs/loss-combiners.svg', import.meta.url));
// A tenth of a pixel is enough, and a third of the bytes.
writeFileSync(
  file,
  `${drawing.outerHTML.replace(/\d+\.\d{2,}/g, (number: string) => String(Number(Number(number).toFixed(1))))}\n`,
);
console.log(file);
for (const { name, paths } of panels) {
  console.log(`${name}: ${paths.filter((path) => isPareto(path.at(-1)!)).length} of ${starts.length} arrive`);
}
