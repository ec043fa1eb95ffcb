/** `pnpm bench engine`: training steps on every engine, beside stock tfjs-node, PyTorch, TorchJD and Keras. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ConvolutionRow } from './convolutions.js';
import { type Contestant, inTurns } from './in-turns.js';
import { type Peer, PeerError, startPeer } from './peer.js';
import { pythonWith, sourceOf } from './python.js';
import { describeMachine, machineLine, markdownTable, writeJson } from './report.js';

const steps = ['mlp', 'cnn', 'lstm', 'heads8-sum', 'heads8-pertask', 'small-cnn'] as const;
const own = ['traced', 'tfjs-node', 'wasm', 'cpu'] as const;
const peers = ['pytorch', 'torchjd', 'keras'] as const;
const engines = [...own, ...peers];

type Step = (typeof steps)[number];
type Engine = (typeof engines)[number];

const onlyPerTask = 'TorchJD is for per-task gradients';

/** What is not measured, and why. */
const without: Partial<Record<Engine, Partial<Record<Step, string>>>> = {
  cpu: { cnn: 'a step takes more than a minute', lstm: 'a step takes a quarter of a minute' },
  torchjd: Object.fromEntries(
    steps.filter((step) => step !== 'heads8-pertask').map((step) => [step, onlyPerTask]),
  ),
  keras: { 'heads8-pertask': 'Keras has no per-task gradients' },
};

interface Row {
  readonly step: Step;
  readonly engine: Engine;
  /** Of a step: the median of the rounds, each of which is the median of its steps. */
  readonly ms?: number;
  readonly rounds?: number;
  /** The first call of a step, ms: tracing it, where it is traced. */
  readonly first?: number;
  readonly error?: string;
}

interface Limit {
  readonly what: string;
  readonly found: number | undefined;
  readonly must: string;
  readonly holds: (found: number) => boolean;
}

const { values: options } = parseArgs({
  options: {
    peers: { type: 'boolean', default: false },
    json: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    ms: { type: 'string', default: '300' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `pnpm bench engine [options]

  --peers      measure PyTorch, TorchJD and Keras too: installs them in virtual environments with python3
  --json FILE  write the rows to FILE
  --rounds N   how many rounds of each, in turns; the median of them is shown (default 7)
  --ms N       how long a round is (default 300)
`;

const rememberedSteps = 5000;

async function start(engine: Engine): Promise<Peer> {
  if (engine === 'keras') {
    const python = await pythonWith('tensorflow', 'tensorflow-cpu==2.21.0');
    return startPeer(python, [sourceOf('steps_in_keras.py')]);
  }
  if (engine === 'pytorch' || engine === 'torchjd') {
    const python = await pythonWith('torchjd', 'torchjd[full]');
    return startPeer(python, [sourceOf('steps_in_pytorch.py'), engine]);
  }
  const worker = fileURLToPath(new URL('./engine-worker.js', import.meta.url));
  return startPeer(process.execPath, ['--expose-gc', worker, engine]);
}

/** Every engine in a process of its own, and why the others are missing. */
async function startAll(): Promise<{ running: Map<Engine, Peer>; missing: Map<Engine, string> }> {
  const running = new Map<Engine, Peer>();
  const missing = new Map<Engine, string>(
    options.peers ? [] : peers.map((peer) => [peer, 'not asked for; --peers does']),
  );
  for (const engine of options.peers ? engines : own) {
    try {
      running.set(engine, await start(engine));
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      missing.set(engine, error.message);
    }
  }
  return { running, missing };
}

async function compare(step: Step, running: ReadonlyMap<Engine, Peer>): Promise<Row[]> {
  const first = new Map<Engine, number>();
  const contestants: Partial<Record<Engine, Contestant>> = {};
  for (const [engine, peer] of running) {
    if (without[engine]?.[step] !== undefined) continue;
    contestants[engine] = async (ms) => {
      const answer = await peer.ask({ step, ms });
      if (typeof answer.first === 'number') first.set(engine, answer.first);
      return Number(answer.ms);
    };
  }
  const timings = await inTurns(contestants, { rounds: Number(options.rounds), ms: Number(options.ms) });
  return Object.entries(timings).map(([name, timing]) => {
    const engine = name as Engine;
    if ('error' in timing) return { step, engine, error: timing.error };
    return { step, engine, ms: timing.ms, rounds: timing.rounds.length, first: first.get(engine)! };
  });
}

const ratio = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? undefined : a / b;

/** The figures that the engine has to reach on two cores. */
function limits(
  rows: readonly Row[],
  around: number | undefined,
  convolutions: readonly ConvolutionRow[],
): Limit[] {
  const row = (step: Step, engine: Engine) => rows.find((row) => row.step === step && row.engine === engine);
  const ms = (step: Step, engine: Engine) => row(step, engine)?.ms;
  const atLeast = (what: string, found: number | undefined, bound: number): Limit => ({
    what,
    found,
    must: `≥ ${bound}`,
    holds: (found) => found >= bound,
  });
  const atMost = (what: string, found: number | undefined, bound: number): Limit => ({
    what,
    found,
    must: `≤ ${bound}`,
    holds: (found) => found <= bound,
  });
  const faster = (step: Step, bound: number) =>
    atLeast(`${step}: stock tfjs-node / traced`, ratio(ms(step, 'tfjs-node'), ms(step, 'traced')), bound);
  const beside = (step: Step, bound: number) =>
    atMost(`${step}: traced / PyTorch`, ratio(ms(step, 'traced'), ms(step, 'pytorch')), bound);
  const perTask = ms('heads8-pertask', 'traced');
  const worst = (gradient: 'input' | 'filter') =>
    atMost(
      `wasm: ${gradient} gradient / forward pass, the worst of ${convolutions.length} convolutions`,
      convolutions.length === 0
        ? undefined
        : Math.max(...convolutions.map((row) => row[gradient] / row.forward)),
      2.5,
    );
  return [
    faster('mlp', 3),
    faster('cnn', 2.3),
    faster('lstm', 15),
    beside('mlp', 0.9),
    beside('cnn', 1.3),
    beside('lstm', 1.3),
    atMost('per-task gradients: traced / TorchJD', ratio(perTask, ms('heads8-pertask', 'torchjd')), 0.6),
    atMost('per-task gradients / sum, both traced', ratio(perTask, ms('heads8-sum', 'traced')), 2.2),
    atLeast('small-cnn: cpu / wasm', ratio(ms('small-cnn', 'cpu'), ms('small-cnn', 'wasm')), 40),
    worst('input'),
    worst('filter'),
    atMost('JavaScript around a native step, ms', around, 0.4),
    atMost('tracing the LSTM step, ms', row('lstm', 'traced')?.first, 1500),
  ];
}

interface Memory {
  readonly tensors: number;
  readonly resident: number;
}

/** Over many traced steps. */
async function remember(step: Step, peer: Peer): Promise<{ step: Step; early: Memory; late: Memory }> {
  const { early, late } = await peer.ask({ step, remember: rememberedSteps });
  return { step, early: early as Memory, late: late as Memory };
}

/** The convolutions of the WASM engine, in short rounds: there are many. */
async function convolve(peer: Peer): Promise<readonly ConvolutionRow[]> {
  process.stderr.write('convolutions on wasm\n');
  const { rows } = await peer.ask({ convolutions: Number(options.rounds), ms: Number(options.ms) / 10 });
  return rows as readonly ConvolutionRow[];
}

const digits = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(2));

function table(rows: readonly Row[]): string {
  const measured = engines.filter((engine) => rows.some((row) => row.engine === engine));
  return markdownTable(
    ['step', ...measured],
    steps.map((step) => [
      step,
      ...measured.map((engine) => {
        const row = rows.find((row) => row.step === step && row.engine === engine);
        if (row === undefined) return '–';
        return row.ms === undefined ? 'failed' : digits(row.ms);
      }),
    ]),
  );
}

function convolutionTable(rows: readonly ConvolutionRow[]): string {
  return markdownTable(
    ['convolution, batch 32', 'forward', 'input gradient', 'filter gradient', 'of the forward pass'],
    rows.map(({ convolution, forward, input, filter }) => [
      convolution,
      ...[forward, input, filter].map(digits),
      `${digits(input / forward)} and ${digits(filter / forward)}`,
    ]),
  );
}

function limitTable(found: readonly Limit[]): string {
  return markdownTable(
    ['figure', 'found', 'must', ''],
    found.map(({ what, found, must, holds }) => {
      if (found === undefined) return [what, 'not measured', must, ''];
      return [what, digits(found), must, holds(found) ? 'yes' : 'NO'];
    }),
  );
}

async function run(): Promise<void> {
  const { running, missing } = await startAll();
  const rows: Row[] = [];
  for (const step of steps) {
    process.stderr.write(`${step}\n`);
    rows.push(...(await compare(step, running)));
  }
  const traced = running.get('traced');
  const around = traced && Number((await traced.ask({ around: true, ms: 1000 })).ms);
  const memory: Awaited<ReturnType<typeof remember>>[] = [];
  for (const step of traced ? (['mlp', 'heads8-pertask'] as const) : []) {
    process.stderr.write(`${rememberedSteps} steps of ${step}\n`);
    memory.push(await remember(step, traced!));
  }
  const wasm = running.get('wasm');
  const convolutions = wasm === undefined ? [] : await convolve(wasm);
  for (const peer of running.values()) peer.stop();

  const machine = {
    ...describeMachine(),
    ...Object.assign({}, ...[...running.values()].map(({ versions }) => versions)),
  };
  const found = limits(rows, around, convolutions);
  console.log('# Training steps\n');
  console.log(`${machineLine(machine)}\n`);
  console.log(
    `ms a step: the median step of the median of ${options.rounds} rounds of ${options.ms} ms, in turns, each engine in a process of its own.\n`,
  );
  console.log(`${table(rows)}\n\n${limitTable(found)}`);
  console.log(
    `\nWebAssembly, ms a call, medians of ${options.rounds} rounds:\n\n${convolutionTable(convolutions)}`,
  );
  for (const { step, early, late } of memory) {
    console.log(
      `\nAfter ${rememberedSteps} traced steps of ${step}: ${late.tensors} tensors (${early.tensors} after 500 steps), ` +
        `${megabytes(late)} MB resident (${megabytes(early)} after 500 steps, ${growth(early, late)} %).`,
    );
  }
  for (const [engine, reason] of missing) console.log(`\n${engine} was not measured: ${reason}.`);
  for (const engine of running.keys()) {
    for (const reason of new Set(Object.values(without[engine] ?? {}))) {
      const left = steps.filter((step) => without[engine]?.[step] === reason);
      console.log(`\n${engine} was not measured on ${left.join(', ')}: ${reason}.`);
    }
  }
  for (const { step, engine, error } of rows) {
    if (error !== undefined) console.log(`\n${engine} failed on ${step}: ${error}.`);
  }
  if (options.json !== undefined) {
    const limits = found.map(({ what, found, must }) => ({ what, found, must }));
    writeJson(options.json, {
      machine,
      missing: Object.fromEntries(missing),
      rows,
      limits,
      convolutions,
      memory,
    });
  }
}

const megabytes = ({ resident }: Memory) => (resident / 2 ** 20).toFixed(0);

const growth = (early: Memory, late: Memory) => ((late.resident / early.resident - 1) * 100).toFixed(1);

if (options.help) console.log(usage);
else await run();
