import * as Plot from '@observablehq/plot';
import results from '../../results/cluster.json' with { type: 'json' };
import { type Load, type Network, onNetwork, saturation } from '../cluster-model.js';
import { clusterTable, constantsOf, constantsTable, loadOf } from '../cluster-results.js';
import { simulatedStep } from '../cluster-simulation.js';
import { normals } from '../numbers.js';
import { markdownTable } from '../report.js';
import { combinations, type Figure } from './figure.js';
import { colours, legend, scaleOf, svg } from './svg.js';

/** Bytes a ms of a link that carries so many bits a second. */
const bits = (perSecond: number) => perSecond / 8 / 1000;

const constants = constantsOf(results);
const measured = loadOf(results);
/** As many weights as a ResNet-50 has (K. He et al., CVPR 2016), with a step of a second. */
const large: Load = {
  size: { shared: 25e6, heads: 0.5e6, gradients: 1 },
  compute: 1000,
  spread: measured.spread,
};

const places: Readonly<
  Record<string, { readonly load: Load; readonly rate: number; readonly latency: number }>
> = {
  'the convolutions, 10 Gbit/s': { load: measured, rate: bits(10e9), latency: 0.05 },
  '25.5 M weights, 10 Gbit/s': { load: large, rate: bits(10e9), latency: 0.05 },
  '25.5 M weights, 100 Mbit/s, 25 ms': { load: large, rate: bits(100e6), latency: 25 },
};

const kinds = {
  '1 server': { servers: 1, gradients: 1, colour: colours.red },
  '16 servers': { servers: 16, gradients: 1, colour: colours.blue },
  '16 servers, gradients of 4 tasks': { servers: 16, gradients: 4, colour: colours.ochre },
};

type Cell = { readonly place: string; readonly kind: keyof typeof kinds; readonly workers: number };
/** The ms of a step: the mean of the simulated ones, and by the formula. */
type Row = Cell & { readonly simulated: number; readonly formula: number; readonly compute: number };

const steps = 30;

function settingOf({ place, kind, workers }: Cell): { readonly network: Network; readonly load: Load } {
  const { rate, latency, load } = places[place]!;
  const { servers, gradients } = kinds[kind];
  return {
    network: { workers, servers, rate, latency },
    load: { ...load, size: { ...load.size, gradients } },
  };
}

/** With how many workers the parameter servers saturate, in Markdown. */
function saturationTable(): string {
  const names = Object.keys(kinds) as Cell['kind'][];
  const rows = Object.keys(places).map((place) => [
    place,
    ...names.map((kind) => {
      const { network, load } = settingOf({ place, kind, workers: 1 });
      return String(Number(saturation(network, load, constants).toPrecision(2)));
    }),
  ]);
  return markdownTable(['saturated at', ...names], rows);
}

export const cluster: Figure<Cell, Row> = {
  name: 'cluster',
  cells: combinations<Cell>({
    place: Object.keys(places),
    kind: Object.keys(kinds) as Cell['kind'][],
    workers: [1, 2, 4, 10, 20, 40, 100, 200, 400, 1000],
  }),

  async measure(cell) {
    const { network, load } = settingOf(cell);
    const normal = normals(1);
    let total = 0;
    for (let step = 0; step < steps; step++) total += simulatedStep(network, load, constants, normal);
    return {
      ...cell,
      simulated: total / steps,
      formula: onNetwork(network, load, constants),
      compute: load.compute,
    };
  },

  draw(rows) {
    const names = Object.fromEntries(Object.entries(kinds).map(([name, { colour }]) => [name, colour]));
    const worth = (ms: 'simulated' | 'formula') => (row: Row) => (row.workers * row.compute) / row[ms];
    const at = { x: 'workers', stroke: 'kind', fx: 'place', z: 'kind' } as const;
    return svg({
      ariaLabel: 'How many lone workers a cluster is worth, by its workers, on three networks',
      fx: { domain: Object.keys(places) },
      x: { type: 'log', label: 'workers', labelOffset: 40, ticks: [1, 10, 100, 1000], tickFormat: 'd' },
      y: {
        type: 'log',
        label: 'worth of workers',
        grid: true,
        ticks: [0.1, 1, 10, 100, 1000],
        tickFormat: '~g',
      },
      color: scaleOf(names),
      marks: [
        ...legend(names, { fx: Object.keys(places)[0]! }),
        Plot.frame({ stroke: '#d0d4da' }),
        Plot.line(rows, {
          x: 'workers',
          y: 'workers',
          fx: 'place',
          stroke: colours.grey,
          strokeDasharray: '2 4',
        }),
        Plot.line(rows, { ...at, y: worth('formula'), strokeWidth: 1.2, strokeDasharray: '5 3' }),
        Plot.line(rows, { ...at, y: worth('simulated'), strokeWidth: 2.2 }),
        Plot.dot(rows, { ...at, y: worth('simulated'), r: 2 }),
      ],
    });
  },

  tables: {
    page: 'cluster-cost.md',
    markdown: () => ({
      constants: constantsTable(results),
      runs: clusterTable(results),
      saturation: saturationTable(),
    }),
  },
};
