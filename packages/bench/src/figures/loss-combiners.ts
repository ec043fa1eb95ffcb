import { type Aggregator, aggregators, type Weighting, weightings } from '@espalier/losses';
import * as Plot from '@observablehq/plot';
import { seeded } from '../numbers.js';
import { followAggregator, followWeighting, isPareto, type Point, starts, toy } from '../toy.js';
import { combinations, type Figure } from './figure.js';
import { colours, svg } from './svg.js';

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

/** The points that the eye can tell apart, and the last. */
function thin(path: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const point of path) {
    const last = kept.at(-1);
    if (!last || Math.hypot(point[0] - last[0], point[1] - last[1]) > 0.2) kept.push(point);
  }
  return [...kept, path.at(-1)!];
}

type Cell = { readonly method: string };
/** With a path from each start. */
type Row = Cell & { readonly paths: readonly (readonly Point[])[] };

export const lossCombiners: Figure<Cell, Row> = {
  name: 'loss-combiners',
  cells: combinations<Cell>({ method: Object.keys(methods) }),
  measure: async ({ method }) => ({ method, paths: starts.map((start) => thin(methods[method]!(start))) }),

  draw(rows) {
    const panels = rows.map(({ method, paths }, i) => ({
      name: method,
      place: { fx: i % columns, fy: Math.floor(i / columns) },
      paths,
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
    const stroke = ({ arrives }: { arrives: boolean }) => (arrives ? colours.blue : colours.red);
    return svg({
      ariaLabel: `The paths of ${panels.length} methods on a problem of two tasks, from ${starts.length} starting points`,
      width: 960,
      height: 260 * Math.ceil(rows.length / columns) + 20,
      margin: 4,
      marginTop: 30,
      marginBottom: 8,
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
          stroke: colours.grey,
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
          { stroke: colours.ink, strokeWidth: 5, strokeOpacity: 0.25, strokeLinecap: 'round' },
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
  },
};
