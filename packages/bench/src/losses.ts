/** `pnpm bench losses`: weights from a Gramian, one thread, beside TorchJD. */
import { parseArgs } from 'node:util';
import { aggregators, type WeightsAggregator } from '@espalier/losses';
import { type Budget, inTurns, repeat, type Timing } from './in-turns.js';
import { normals } from './numbers.js';
import { PeerError } from './peer.js';
import { describeMachine, machineLine, markdownTable, writeJson } from './report.js';
import { startTorchJd, type TorchJd } from './torchjd.js';

/** By the names that weights_by_torchjd.py has for them; with the same options. */
const methods: Record<string, WeightsAggregator> = {
  UPGrad: aggregators.upGrad(),
  MGDA: aggregators.mgda(),
  PCGrad: aggregators.pcGrad(),
  CAGrad: aggregators.caGrad({ c: 0.4 }),
  'Nash-MTL': aggregators.nashMtl(),
  FairGrad: aggregators.fairGrad({ alpha: 2 }),
  'Aligned-MTL': aggregators.alignedMtl(),
};
const sizes = [2, 3, 8, 20, 40];
const matricesPerSize = 20;

interface Row {
  readonly method: string;
  readonly tasks: number;
  readonly espalier?: Timing;
  readonly torchjd?: Timing;
}

const { values: options } = parseArgs({
  options: {
    peers: { type: 'boolean', default: false },
    json: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    ms: { type: 'string', default: '200' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `pnpm bench losses [options]

  --peers      measure TorchJD too: installs it in a virtual environment with python3
  --json FILE  write the rows to FILE
  --rounds N   how many rounds of each, in turns; the median of them is shown (default 7)
  --ms N       how long a round is (default 200)
`;

/** Gaussian gradients of 2 T entries: a well-posed Gramian, with conflicts. */
function jacobiansOf(tasks: number): number[][][] {
  const normal = normals(tasks);
  // In single precision, as PyTorch has them.
  const entry = () => Math.fround(normal());
  const row = () => Array.from({ length: 2 * tasks }, entry);
  return Array.from({ length: matricesPerSize }, () => Array.from({ length: tasks }, row));
}

function gramianOf(rows: number[][]): Float64Array[] {
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, c) => sum + value * b[c]!, 0);
  return rows.map((a) => Float64Array.from(rows, (b) => dot(a, b)));
}

/** One method on the Gramians of one size. */
async function compare(name: string, tasks: number, peer: TorchJd | undefined, budget: Budget): Promise<Row> {
  const jacobians = jacobiansOf(tasks);
  const gramians = jacobians.map(gramianOf);
  const method = methods[name]!;
  const timings = await inTurns(
    {
      espalier: (ms: number) => repeat((call) => method.weights(gramians[call % gramians.length]!), ms),
      ...(peer && { torchjd: peer.contestant(name, jacobians) }),
    },
    budget,
  );
  return { method: name, tasks, ...timings };
}

/** The peer, or why it is not there. */
async function peerIfAsked(): Promise<{ peer?: TorchJd; missing?: string }> {
  if (!options.peers) return { missing: 'not asked for; --peers does' };
  try {
    return { peer: await startTorchJd() };
  } catch (error) {
    if (error instanceof PeerError) return { missing: error.message };
    throw error;
  }
}

const digits = (ms: number) => (ms >= 100 ? ms.toFixed(0) : ms.toPrecision(2));

const show = (timing: Timing) => ('error' in timing ? 'failed' : digits(timing.ms));

/** `ours / theirs (ratio)` in ms. */
function cell({ espalier, torchjd }: Row): string {
  const shown = [espalier, torchjd].filter((timing) => timing !== undefined).map(show);
  if (!espalier || !torchjd || 'error' in espalier || 'error' in torchjd) return shown.join(' / ');
  const ratio = torchjd.ms / espalier.ms;
  return `${shown.join(' / ')} (${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1)} ×)`;
}

async function run(): Promise<void> {
  const budget = { rounds: Number(options.rounds), ms: Number(options.ms) };
  const { peer, missing } = await peerIfAsked();
  const rows: Row[] = [];
  for (const name of Object.keys(methods)) {
    for (const tasks of sizes) {
      process.stderr.write(`${name}, ${tasks} tasks\n`);
      rows.push(await compare(name, tasks, peer, budget));
    }
  }
  peer?.stop();

  const machine = { ...describeMachine(), ...peer?.versions };
  const unit = peer ? 'espalier / TorchJD (how many times faster), in ms a call' : 'espalier, in ms a call';
  console.log(`# Weights from a Gramian\n`);
  console.log(`${machineLine(machine)}\n`);
  console.log(
    `${unit}: the median call of the median of ${budget.rounds} rounds of ${budget.ms} ms, in turns, on one thread.\n`,
  );
  console.log(
    markdownTable(
      ['method', ...sizes.map((tasks) => `T = ${tasks}`)],
      Object.keys(methods).map((name) => [name, ...rows.filter(({ method }) => method === name).map(cell)]),
    ),
  );
  if (missing !== undefined) console.log(`\nTorchJD was not measured: ${missing}.`);
  for (const { method, tasks, ...timings } of rows)
    for (const [who, timing] of Object.entries(timings))
      if ('error' in timing) console.log(`\n${who}: ${method} failed at T = ${tasks}: ${timing.error}`);
  if (options.json !== undefined)
    writeJson(options.json, { machine, ...(missing !== undefined && { torchjd: missing }), rows });
}

if (options.help) console.log(usage);
else await run();
