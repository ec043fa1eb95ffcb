import {
  bytesOf,
  type Constants,
  constantsFrom,
  type Load,
  type Measured,
  onOneMachine,
  type Size,
} from './cluster-model.js';
import type { Problem } from './cluster-problem.js';
import { markdownTable } from './report.js';

const dense = { kind: 'dense', tasks: 2, gradients: 'of the sum' } as const;

/** From these the model's constants come. */
const calibrating = {
  small: { ...dense, width: 8, batch: 4 },
  wide: { ...dense, width: 1024, batch: 4 },
} satisfies Record<string, Problem>;

/** By these it is checked. */
const checking = {
  'convolutions, 32 examples': {
    kind: 'convolutions',
    width: 32,
    batch: 32,
    tasks: 2,
    gradients: 'of the sum',
  },
  'dense layers, 512 examples': { ...dense, width: 512, batch: 512 },
  'the same, 4 tasks, UPGrad': { ...dense, width: 512, batch: 512, tasks: 4, gradients: 'by task' },
} satisfies Record<string, Problem>;

export const problems: Readonly<Record<string, Problem>> = { ...calibrating, ...checking };

/** What `pnpm bench cluster` finds. */
export interface ClusterResults {
  readonly machine: Readonly<Record<string, string>>;
  readonly rows: readonly ClusterRow[];
}

export interface ClusterRow {
  /** One of `problems`. */
  readonly problem: string;
  readonly size: Size;
  /** 0: without a cluster. */
  readonly workers: number;
  /** Of a step: the median over rounds of the rounds' medians. */
  readonly ms: number;
  /** The standard deviation of the logarithm of a step's time, from its quartiles. */
  readonly spread: number;
  /** On the wire, of a step; with the headers of IP and TCP. */
  readonly bytes?: number | undefined;
  /** How long the processors worked for chief and parameter server in a step, ms. */
  readonly centralCpu: number;
}

function measuredOf({ rows }: ClusterResults, name: string): Measured[] {
  const own = rows.filter(({ problem }) => problem === name);
  const local = own.find(({ workers }) => workers === 0)!.ms;
  return own.filter(({ workers }) => workers > 0).map((row) => ({ ...row, local }));
}

export function constantsOf(results: ClusterResults): Constants {
  return constantsFrom(measuredOf(results, 'small'), measuredOf(results, 'wide'));
}

/** A step of the convolutions here: what a worker of the simulated clusters does. */
export function loadOf({ rows }: ClusterResults): Load {
  const { size, ms, spread } = rows.find(
    ({ problem, workers }) => problem === 'convolutions, 32 examples' && workers === 0,
  )!;
  return { size, compute: ms, spread };
}

/** Steps that were measured beside those of the model, in Markdown. */
export function clusterTable(results: ClusterResults): string {
  const constants = constantsOf(results);
  const rows = Object.keys(checking).flatMap((problem) => {
    const own = results.rows.filter((row) => row.problem === problem);
    const local = own.find(({ workers }) => workers === 0)!.ms;
    return own.map(({ size, workers, ms, bytes }) => {
      const alone = [problem, 'local', ms.toFixed(1), '', '', '', '', ''];
      if (bytes === undefined) return alone;
      const { down, up } = bytesOf(size);
      const model = { ms: onOneMachine(constants, { size, workers, local }), bytes: workers * (down + up) };
      return [
        problem,
        String(workers),
        ms.toFixed(1),
        (ms / local).toFixed(2),
        model.ms.toFixed(1),
        (ms / model.ms).toFixed(2),
        (bytes / 1e6).toFixed(2),
        (bytes / model.bytes).toFixed(3),
      ];
    });
  });
  return markdownTable(
    ['training step', 'workers', 'ms', '/ local', 'model, ms', '/ model', 'MB', 'MB / model'],
    rows,
  );
}

/** The model's constants, in Markdown. */
export function constantsTable(results: ClusterResults): string {
  const { step, worker, central, byte } = constantsOf(results);
  const { spread } = loadOf(results);
  return markdownTable(
    ['constant', 'measured'],
    [
      ['`a`, a step: its round trips', `${step.toFixed(2)} ms`],
      ['`r`, what each worker adds where all machines are one', `${worker.toFixed(2)} ms`],
      ['`q`, of it, what chief and parameter servers do', `${central.toFixed(2)} ms`],
      ['`g`, a megabyte on the wire', `${(byte * 1e6).toFixed(2)} ms`],
      ['`s`, the spread of the time that a step takes', spread.toFixed(3)],
    ],
  );
}
