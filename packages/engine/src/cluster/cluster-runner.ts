import * as tf from '@tensorflow/tfjs-core';
import { ClusterError, ClusterFault, ProgramError } from '../errors.js';
import { dataTypeOf, type HostValues } from '../program/binding.js';
import type { Draws } from '../program/compare-traces.js';
import type { NamedTensors } from '../program/entry.js';
import { Graph } from '../program/graph.js';
import { newSeed, runEntry } from '../program/run-entry.js';
import type { Runner } from '../program/runner.js';
import type { GraphNode } from '../program/saved-model.js';
import { SessionState } from '../program/session-state.js';
import type { Trace } from '../program/trace.js';
import { disposeRecording, recordTwice, type TracedRunnerOptions } from '../program/traced-runner.js';
import { balance } from './balance.js';
import type { ClusterSession } from './cluster-session.js';
import { cpuOf } from './nodes.js';
import { type PerWorker, perWorkerInputs, perWorkerOf, requestOf, workersOf } from './per-worker.js';
import { type Copy, type Placed, type Placement, place, stateOf } from './place.js';
import { type FirstHalf, placeFirstHalf, placeSecondHalf, type SecondHalf } from './place-halves.js';

/** What a runner needs of a cluster. */
export interface RunnerHost {
  /** How many parameter servers there are. */
  readonly servers: number;
  /** How many workers. */
  readonly workers: number;
  /** Whether a parameter server is gone, and the state with it. */
  readonly isLost: boolean;
  /** Another number each time that sessions have to be opened anew. */
  readonly generation: number;
  /** @param workers Those that it uses; unless given, all that are there. */
  open(nodes: readonly GraphNode[], workers?: readonly number[]): ClusterSession;
}

interface Recorded {
  readonly trace: Trace;
  readonly draws: Draws;
}

interface Halves {
  /** Tells them from others. */
  readonly name: string;
  readonly placement: Placement;
  readonly second: SecondHalf;
}

/** Runs the entries on a cluster: every worker computes with its examples, the state is on the parameter servers. */
export class ClusterRunner implements Runner {
  private readonly recorded = new Map<string, Recorded>();
  private readonly placed = new Map<string, Placed>();
  private readonly halves = new Map<string, Halves>();
  /** Where workers compute ahead: a session each, so that none ends with another's. */
  private readonly first = new Map<string, FirstHalf & { readonly session: ClusterSession }>();
  private readonly opened: ClusterSession[] = [];
  /** What each worker has left on the parameter servers: for which halves, by which request. */
  private readonly left = new Map<number, string>();
  private readonly state: SessionState;
  /** The state alone: every trace begins with it, so that its nodes have the same names in all. */
  private readonly base = new Graph();
  private places = new Map<tf.Variable, number>();
  private session: ClusterSession | undefined;
  private generation = 0;
  private count = 0;

  constructor(
    private readonly host: RunnerHost,
    private readonly options: TracedRunnerOptions,
  ) {
    if (options.tolerance !== undefined) {
      throw new ProgramError('a program on a cluster cannot be verified: verify it on one machine.');
    }
    this.state = new SessionState(options.state, (variable) => this.nodesOf(variable));
  }

  run(entry: string, inputs: NamedTensors, work?: () => void): NamedTensors {
    work?.();
    this.renew();
    const halves = this.computed(entry, inputs);
    if (halves !== undefined) return this.complete(entry, halves, inputs);
    const key = keyOf(entry, inputs);
    let placed = this.placed.get(key);
    if (placed === undefined) {
      placed = this.place(entry, inputs);
      this.placed.set(key, placed);
      this.reopen();
    }
    this.state.loadChanged(this.session!);
    return this.execute(entry, placed, inputs);
  }

  async ahead(entry: string, inputs: NamedTensors): Promise<void> {
    this.renew();
    const workers = workersOf(perWorkerInputs(inputs));
    await Promise.all(workers.map((worker) => this.compute(worker, entry, inputs)));
  }

  sync(): void {
    if (this.session === undefined) return;
    this.reading(() => this.state.sync(this.session!));
  }

  peek(variables: readonly tf.Variable[]): readonly HostValues[] {
    if (this.session === undefined) return variables.map((variable) => variable.dataSync());
    return this.reading(() => this.state.peek(this.session!, variables));
  }

  load(): void {
    this.state.load();
  }

  savedModel(entry: string): Uint8Array {
    throw new ProgramError(
      `entry '${entry}' is on a cluster. Export it from a program on one machine, over the same variables.`,
    );
  }

  dispose(): void {
    // There is nothing to bring up to date then, and an error here would hide the one that said so.
    if (!this.host.isLost) this.sync();
    for (const session of this.opened) session.close();
    this.session?.close();
    this.session = undefined;
  }

  private reading<R>(read: () => R): R {
    this.renew();
    try {
      return read();
    } catch (cause) {
      if (!(cause instanceof ClusterFault)) throw cause;
      throw new ClusterError(
        `${cause.message}. If a parameter server is lost, start it again, and resume from the last checkpoint.`,
        { cause },
      );
    }
  }

  /** The workers may be others now: what was placed on them is placed anew. */
  private renew(): void {
    if (this.generation === this.host.generation) return;
    this.generation = this.host.generation;
    this.forget();
    if (this.session !== undefined) this.reopen();
  }

  private place(entry: string, inputs: NamedTensors): Placed {
    const perWorker = perWorkerInputs(inputs);
    const workers = workersOf(perWorker);
    const traces = (workers.length > 0 ? workers : [0]).map((worker) => ({
      worker,
      ...this.record(entry, inputs, perWorker, worker),
    }));
    this.rebalance();
    const copies = traces.map(({ worker, ...recorded }) => this.copyOf(worker, recorded));
    return place(copies, this.placement(entry, perWorker));
  }

  /** The halves of an entry, where all workers whose examples are in the inputs have computed the first one. */
  private computed(entry: string, inputs: NamedTensors): Halves | undefined {
    const perWorker = perWorkerInputs(inputs);
    const workers = workersOf(perWorker);
    const halves = this.halves.get(halvesKey(entry, inputs));
    const isLeft = (worker: number) => this.left.get(worker) === leftKey(halves!, perWorker, worker);
    return halves !== undefined && workers.length > 0 && workers.every(isLeft) ? halves : undefined;
  }

  /** Has a worker compute the first half of an entry. What it draws is seeded before this returns. */
  private async compute(worker: number, entry: string, inputs: NamedTensors): Promise<void> {
    this.left.delete(worker);
    const perWorker = perWorkerInputs(inputs);
    const halves = this.halvesOf(worker, entry, inputs, perWorker);
    this.state.loadChanged(this.session!);
    const {
      session,
      targets,
      inputs: nodes,
      seed,
    } = this.firstHalf(worker, entry, inputs, perWorker, halves);
    const fed = new Map(Object.entries(nodes).map(([name, node]) => [node, inputs[name]!]));
    const drawn = seed === undefined ? undefined : newSeed(this.options.random);
    if (seed !== undefined) fed.set(seed, drawn!);
    const run = session.start(`entry '${entry}'`, fed, targets);
    drawn?.dispose();
    await run;
    // Where variables have moved meanwhile, the halves are others.
    if (this.halves.get(halves.name) === halves) this.left.set(worker, leftKey(halves, perWorker, worker));
  }

  private halvesOf(
    worker: number,
    entry: string,
    inputs: NamedTensors,
    perWorker: ReadonlyMap<string, PerWorker>,
  ): Halves {
    const name = halvesKey(entry, inputs);
    const known = this.halves.get(name);
    if (known !== undefined) return known;
    const recorded = this.record(entry, inputs, perWorker, worker);
    this.rebalance();
    const placement = this.placement(entry, perWorker);
    const second = placeSecondHalf(this.copyOf(worker, recorded), this.host.workers, placement);
    const halves = { name, placement, second };
    this.halves.set(name, halves);
    this.reopen();
    return halves;
  }

  private firstHalf(
    worker: number,
    entry: string,
    inputs: NamedTensors,
    perWorker: ReadonlyMap<string, PerWorker>,
    { placement, second }: Halves,
  ) {
    const key = JSON.stringify([worker, placement.prefix, keyOf(entry, inputs)]);
    const known = this.first.get(key);
    if (known !== undefined) return known;
    const copy = this.copyOf(worker, this.record(entry, inputs, perWorker, worker));
    const half = placeFirstHalf(copy, second, { ...placement, perWorker });
    const first = { ...half, session: this.host.open(half.nodes, [worker]) };
    this.opened.push(first.session);
    this.first.set(key, first);
    return first;
  }

  private complete(entry: string, { second }: Halves, inputs: NamedTensors): NamedTensors {
    const additions = workersOf(perWorkerInputs(inputs)).map((worker) => second.additions.get(worker)!);
    const values = additions.flatMap(({ values }) => values);
    const targets = additions.flatMap(({ targets }) => targets);
    this.feeding(inputs, {}, values, (fed) => this.session!.run(`entry '${entry}'`, fed, [], false, targets));
    return this.execute(entry, { entry: second.entry, values: [] }, inputs);
  }

  private copyOf(worker: number, { trace, draws }: Recorded): Copy {
    const graph = new Graph(this.base);
    const entry = graph.append(trace, draws);
    return { worker, nodes: graph.nodes, entry };
  }

  private placement(entry: string, perWorker: ReadonlyMap<string, PerWorker>): Placement {
    return { entry, prefix: `entry${this.count++}`, serverOf: this.serverOf, perWorker };
  }

  /** Which parameter server has a variable, by the name of its nodes. */
  private get serverOf(): Map<string, number> {
    return new Map(
      [...this.places].map(([variable, server]) => [stateOf(this.nodesOf(variable).handle)!, server]),
    );
  }

  /** Traces an entry for one worker's shapes. */
  private record(
    entry: string,
    inputs: NamedTensors,
    perWorker: ReadonlyMap<string, PerWorker>,
    worker: number,
  ): Recorded {
    const shapes = Object.entries(inputs).map(([name, { shape, dtype }]) => {
      const own = perWorker.get(name);
      return { name, dtype, shape: own?.kind === 'examples' ? [...own.parts.get(worker)!.shape] : shape };
    });
    const key = JSON.stringify([entry, shapes]);
    const known = this.recorded.get(key);
    if (known !== undefined) return known;
    // The values do not matter: a trace does not depend on them.
    const tensors = shapes.map(({ name, shape, dtype }) => [name, tf.ones(shape, dtype)] as const);
    try {
      const { backend, entries, state } = this.options;
      const call = { entry, run: entries.get(entry)!, inputs: Object.fromEntries(tensors), state };
      const recording = recordTwice(backend, call);
      disposeRecording(recording);
      const recorded = { trace: recording.trace, draws: recording.draws };
      this.recorded.set(key, recorded);
      return recorded;
    } finally {
      tf.dispose(tensors.map(([, tensor]) => tensor));
    }
  }

  /** Finds a server for every variable; moves those whose place changes with what is known of their use. */
  private rebalance(): void {
    const variables = this.options.state();
    for (const variable of variables) this.nodesOf(variable);
    const traces = [...this.recorded.values()].map(({ trace }) => trace);
    const places = balance(variables, traces, this.host.servers);
    const moved = [...this.places].some(([variable, server]) => places.get(variable) !== server);
    if (moved && this.session !== undefined) {
      this.state.sync(this.session);
      this.state.load();
    }
    this.places = places;
    // What was placed knows the former places.
    if (moved) this.forget();
  }

  /** The sessions of first halves go on, for what is under way in them. */
  private forget(): void {
    this.placed.clear();
    this.halves.clear();
    this.first.clear();
    this.left.clear();
  }

  private reopen(): void {
    const { serverOf } = this;
    const nodes = this.base.nodes.map((node) => ({
      ...node,
      device: cpuOf({ job: 'ps', index: serverOf.get(stateOf(node.name)!) ?? 0 }),
    }));
    const placed = [...this.placed.values(), ...[...this.halves.values()].map(({ second }) => second)];
    const entries = placed.flatMap(({ nodes }) => nodes.filter(({ name }) => stateOf(name) === undefined));
    this.session?.close();
    this.session = this.host.open([...nodes, ...entries]);
  }

  private execute(
    entry: string,
    { entry: nodes, values }: Pick<Placed, 'entry' | 'values'>,
    inputs: NamedTensors,
  ): NamedTensors {
    const hasExamples = Object.values(inputs).some((tensor) => perWorkerOf(tensor) !== undefined);
    return this.feeding(inputs, nodes.inputs, values, (fed) =>
      runEntry(nodes, fed, this.options.random, {
        fetch: (feeds, fetches) => this.session!.run(`entry '${entry}'`, feeds, fetches, !hasExamples),
        perform: (feeds, node) => this.session!.run(`entry '${entry}'`, feeds, [], !hasExamples, [node]),
      }),
    );
  }

  /** Feeds the inputs that are the same for all, and the numbers that each worker has. */
  private feeding<R>(
    inputs: NamedTensors,
    nodes: Readonly<Record<string, string>>,
    values: Placed['values'],
    run: (fed: ReadonlyMap<string, tf.Tensor>) => R,
  ): R {
    const fed = new Map<string, tf.Tensor>();
    for (const [name, node] of Object.entries(nodes)) {
      if (perWorkerOf(inputs[name]!) === undefined) fed.set(node, inputs[name]!);
    }
    const own: tf.Tensor[] = [];
    for (const { input, worker, node } of values) {
      const source = perWorkerOf(inputs[input]!);
      if (source?.kind !== 'values') continue;
      const value = tf.scalar(source.values.get(worker)!);
      own.push(value);
      fed.set(node, value);
    }
    try {
      return run(fed);
    } finally {
      tf.dispose(own);
    }
  }

  private nodesOf(variable: tf.Variable) {
    return this.base.stateOf(variable, dataTypeOf(variable));
  }
}

function keyOf(entry: string, inputs: NamedTensors): string {
  return JSON.stringify([
    entry,
    described(inputs, (own) =>
      own.kind === 'examples'
        ? [own.name, own.dtype, [...own.parts].map(([worker, { place, shape }]) => [worker, place, shape])]
        : [...own.values.keys()],
    ),
  ]);
}

/** Whatever the workers and their examples' shapes are. */
function halvesKey(entry: string, inputs: NamedTensors): string {
  return JSON.stringify([entry, described(inputs, ({ kind }) => kind)]);
}

function leftKey({ name }: Halves, perWorker: ReadonlyMap<string, PerWorker>, worker: number): string {
  return JSON.stringify([name, requestOf(perWorker, worker)]);
}

function described(inputs: NamedTensors, describe: (own: PerWorker) => unknown): unknown[] {
  return Object.keys(inputs)
    .sort()
    .map((name) => {
      const { dtype, shape } = inputs[name]!;
      const own = perWorkerOf(inputs[name]!);
      return own === undefined ? [name, dtype, shape] : [name, describe(own)];
    });
}
