import * as tf from '@tensorflow/tfjs-core';
import { ClusterError, ClusterFault, ProgramError } from '../errors.js';
import { dataTypeOf } from '../program/binding.js';
import type { Draws } from '../program/compare-traces.js';
import type { NamedTensors } from '../program/entry.js';
import { Graph } from '../program/graph.js';
import { runEntry } from '../program/run-entry.js';
import type { Runner } from '../program/runner.js';
import type { GraphNode } from '../program/saved-model.js';
import { SessionState } from '../program/session-state.js';
import type { Trace } from '../program/trace.js';
import { disposeRecording, recordTwice, type TracedRunnerOptions } from '../program/traced-runner.js';
import { balance } from './balance.js';
import type { ClusterSession } from './cluster-session.js';
import { cpuOf } from './nodes.js';
import { type PerWorker, perWorkerOf } from './per-worker.js';
import { type Placed, place, stateOf } from './place.js';

/** What a runner needs of a cluster. */
export interface RunnerHost {
  /** How many parameter servers there are. */
  readonly servers: number;
  /** Whether a parameter server is gone, and the state with it. */
  readonly isLost: boolean;
  /** Another number each time that sessions have to be opened anew. */
  readonly generation: number;
  open(nodes: readonly GraphNode[]): ClusterSession;
}

interface Recorded {
  readonly trace: Trace;
  readonly draws: Draws;
}

/** Runs the entries on a cluster: every worker computes with its examples, the state is on the parameter servers. */
export class ClusterRunner implements Runner {
  private readonly recorded = new Map<string, Recorded>();
  private readonly placed = new Map<string, Placed>();
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

  run(entry: string, inputs: NamedTensors): NamedTensors {
    this.renew();
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

  sync(): void {
    if (this.session === undefined) return;
    this.renew();
    try {
      this.state.sync(this.session);
    } catch (cause) {
      if (!(cause instanceof ClusterFault)) throw cause;
      throw new ClusterError(
        `${cause.message}. If a parameter server is lost, start it again, and resume from the last checkpoint.`,
        { cause },
      );
    }
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
    this.session?.close();
    this.session = undefined;
  }

  /** The workers may be others now: what was placed on them is placed anew. */
  private renew(): void {
    if (this.generation === this.host.generation) return;
    this.generation = this.host.generation;
    this.placed.clear();
    if (this.session !== undefined) this.reopen();
  }

  private place(entry: string, inputs: NamedTensors): Placed {
    const perWorker = new Map(
      Object.entries(inputs).flatMap(([name, tensor]): [string, PerWorker][] => {
        const found = perWorkerOf(tensor);
        return found === undefined ? [] : [[name, found]];
      }),
    );
    const workers = [...new Set([...perWorker.values()].flatMap(workersOf))];
    const traces = (workers.length > 0 ? workers : [0]).map((worker) => ({
      worker,
      ...this.record(entry, inputs, perWorker, worker),
    }));
    this.rebalance();
    const copies = traces.map(({ worker, trace, draws }) => {
      const graph = new Graph(this.base);
      const nodes = graph.append(trace, draws);
      return { worker, nodes: graph.nodes, entry: nodes };
    });
    return place(copies, { entry, prefix: `entry${this.count++}`, serverOf: this.serverOf, perWorker });
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
      return { name, dtype, shape: own?.kind === 'examples' ? [...own.shapes.get(worker)!] : shape };
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
    if (moved) this.placed.clear();
  }

  private reopen(): void {
    const { serverOf } = this;
    const nodes = this.base.nodes.map((node) => ({
      ...node,
      device: cpuOf({ job: 'ps', index: serverOf.get(stateOf(node.name)!) ?? 0 }),
    }));
    const entries = [...this.placed.values()].flatMap((placed) =>
      placed.nodes.filter(({ name }) => stateOf(name) === undefined),
    );
    this.session?.close();
    this.session = this.host.open([...nodes, ...entries]);
  }

  private execute(entry: string, { entry: nodes, values }: Placed, inputs: NamedTensors): NamedTensors {
    const fed = new Map<string, tf.Tensor>();
    for (const [name, node] of Object.entries(nodes.inputs)) {
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
    const hasExamples = Object.values(inputs).some((tensor) => perWorkerOf(tensor) !== undefined);
    try {
      return runEntry(nodes, fed, this.options.random, (feeds, fetches) =>
        this.session!.run(`entry '${entry}'`, feeds, fetches, !hasExamples),
      );
    } finally {
      tf.dispose(own);
    }
  }

  private nodesOf(variable: tf.Variable) {
    return this.base.stateOf(variable, dataTypeOf(variable));
  }
}

function workersOf(perWorker: PerWorker): number[] {
  return [...(perWorker.kind === 'examples' ? perWorker.shapes : perWorker.values).keys()];
}

function keyOf(entry: string, inputs: NamedTensors): string {
  const names = Object.keys(inputs).sort();
  const described = names.map((name) => {
    const { dtype, shape } = inputs[name]!;
    const own = perWorkerOf(inputs[name]!);
    if (own?.kind === 'examples') return [name, own.name, own.dtype, [...own.shapes]];
    return own === undefined ? [name, dtype, shape] : [name, [...own.values.keys()]];
  });
  return JSON.stringify([entry, described]);
}
