import * as tf from '@tensorflow/tfjs-core';
import { ProgramError } from '../errors.js';
import { dataTypeOf, type HostValues, type NativeBackend } from './binding.js';
import { type Draws, drawsOf } from './compare-traces.js';
import type { NamedTensors, Step } from './entry.js';
import { frozenModel } from './frozen.js';
import { type EntryNodes, Graph } from './graph.js';
import { openSession } from './open-session.js';
import { randomSource } from './random-source.js';
import { runEntry } from './run-entry.js';
import type { Runner } from './runner.js';
import type { Session } from './session.js';
import { SessionState } from './session-state.js';
import { type Call, type Recording, record, type Trace } from './trace.js';
import { expectSame } from './verify.js';

export interface TracedRunnerOptions {
  readonly backend: NativeBackend;
  readonly entries: ReadonlyMap<string, Step>;
  readonly state: () => readonly tf.Variable[];
  readonly random: () => number;
  /** The largest relative difference between the first run of a trace and the function's own; undefined: unchecked. */
  readonly tolerance: number | undefined;
}

/** Runs the entries in a session of TensorFlow, where the state is. */
export function tracedRunner(options: TracedRunnerOptions): Runner {
  return new TracedRunner(options);
}

interface TracedEntry {
  readonly nodes: EntryNodes;
  readonly trace: Trace;
  readonly draws: Draws;
}

class TracedRunner implements Runner {
  private graph = new Graph();
  private readonly traced = new Map<string, TracedEntry>();
  /** The trace of each entry that came last. */
  private readonly latest = new Map<string, TracedEntry>();
  private readonly state: SessionState;
  private session: Session | undefined;

  constructor(private readonly options: TracedRunnerOptions) {
    this.state = new SessionState(options.state, (variable) =>
      this.graph.stateOf(variable, dataTypeOf(variable)),
    );
  }

  run(entry: string, inputs: NamedTensors, work?: () => void): NamedTensors {
    const key = signatureOf(entry, inputs);
    const known = this.traced.get(key);
    if (known === undefined) {
      work?.();
      return this.trace(key, entry, inputs);
    }
    this.state.loadChanged(this.session!);
    return this.execute(entry, known.nodes, inputs, new Map(), work);
  }

  async ahead(): Promise<void> {}

  sync(): void {
    if (this.session !== undefined) this.state.sync(this.session);
  }

  peek(variables: readonly tf.Variable[]): readonly HostValues[] {
    if (this.session === undefined) return variables.map((variable) => variable.dataSync());
    return this.state.peek(this.session, variables);
  }

  load(): void {
    this.state.load();
  }

  savedModel(entry: string): Uint8Array {
    const traced = this.latest.get(entry);
    if (traced === undefined) {
      throw new ProgramError(
        `entry '${entry}' was never called, so nothing is known of its shapes. Call it once before it is exported.`,
      );
    }
    const session = this.session!;
    this.state.loadChanged(session);
    const { variables } = this.state;
    const values = this.state.values(session, variables);
    try {
      const state = new Map(variables.map((variable, index) => [variable, values[index]!]));
      return frozenModel(entry, traced.trace, traced.draws, state);
    } finally {
      tf.dispose(values);
    }
  }

  dispose(): void {
    this.sync();
    this.session?.close();
    this.session = undefined;
  }

  /** Traces an entry for inputs of a new signature, and runs it for the first time. */
  private trace(key: string, entry: string, inputs: NamedTensors): NamedTensors {
    const { backend, entries, state, tolerance } = this.options;
    // The comparison needs the values; tracing alone needs only their shapes.
    if (tolerance !== undefined) this.sync();
    const recording = recordTwice(backend, { entry, run: entries.get(entry)!, inputs, state });
    try {
      const graph = new Graph(this.graph);
      const nodes = graph.append(recording.trace, recording.draws);
      this.loadGraph(entry, graph);
      this.state.loadChanged(this.session!);
      if (tolerance === undefined) {
        this.remember(key, entry, { nodes, ...recording });
        return this.execute(entry, nodes, inputs);
      }
      const draws = drawnTensors(recording, nodes);
      const outputs = this.execute(entry, nodes, inputs, draws);
      tf.dispose([...draws.values()]);
      const written = [...recording.written.keys()];
      const values = this.state.values(this.session!, written);
      const pairs = [
        ...Object.entries(outputs).map(([name, found]) => ({
          name: `output '${name}'`,
          found,
          expected: recording.outputs[name]!,
        })),
        ...written.map((variable, index) => ({
          name: `variable '${variable.name}'`,
          found: values[index]!,
          expected: recording.written.get(variable)!,
        })),
      ];
      expectSame(entry, pairs, tolerance);
      tf.dispose(values);
      this.remember(key, entry, { nodes, ...recording });
      return outputs;
    } finally {
      disposeRecording(recording);
    }
  }

  private remember(key: string, entry: string, { nodes, trace, draws }: TracedEntry): void {
    const traced = { nodes, trace, draws };
    this.traced.set(key, traced);
    this.latest.set(entry, traced);
  }

  private execute(
    entry: string,
    nodes: EntryNodes,
    inputs: NamedTensors,
    draws: ReadonlyMap<string, tf.Tensor> = new Map(),
    work?: () => void,
  ): NamedTensors {
    const feeds = new Map(draws);
    for (const [name, node] of Object.entries(nodes.inputs)) feeds.set(node, inputs[name]!);
    const what = `entry '${entry}'`;
    return runEntry(nodes, feeds, this.options.random, {
      fetch: (fed, fetches) => this.session!.run(what, fed, fetches, work),
      perform: (fed, node) => {
        this.session!.perform(what, fed, node);
        work?.();
      },
    });
  }

  /** Loads a graph that has grown in place of the former one; where that takes another session, moves the state over. */
  private loadGraph(entry: string, graph: Graph): void {
    const { nodes } = graph;
    this.graph = graph;
    if (this.session?.grow(nodes)) return;
    const session = openSession(`entry '${entry}'`, this.options.backend, nodes);
    const { variables } = this.state;
    const values = this.session === undefined ? [] : this.state.values(this.session, variables);
    this.session?.close();
    this.session = session;
    this.state.assign(session, values.length === 0 ? [] : variables, values);
    tf.dispose(values);
  }
}

/** Traces are the same for tensors of the same names, types and shapes. */
function signatureOf(entry: string, inputs: NamedTensors): string {
  const tensors = Object.keys(inputs)
    .sort()
    .map((name) => `${name}: ${inputs[name]!.dtype} ${inputs[name]!.shape}`);
  return [entry, ...tensors].join('\n');
}

/** Two recordings with other random numbers tell what is drawn. */
export function recordTwice(backend: NativeBackend, call: Call): Recording & { readonly draws: Draws } {
  const count = call.state().length;
  let first = record(backend, call, randomSource(1));
  if (call.state().length > count) {
    // A carry has come to be: only from now on the step finds the same state each time.
    disposeRecording(first);
    first = record(backend, call, randomSource(1));
  }
  try {
    const second = record(backend, call, randomSource(2));
    disposeRecording(second);
    return { ...first, draws: drawsOf(call.entry, first.trace, second.trace) };
  } catch (error) {
    disposeRecording(first);
    throw error;
  }
}

export function disposeRecording({ outputs, written }: Recording): void {
  tf.dispose([...Object.values(outputs), ...written.values()]);
}

/** What the recording drew, to feed it to the nodes that draw. */
function drawnTensors({ trace }: Recording, { draws }: EntryNodes): Map<string, tf.Tensor> {
  return new Map(
    [...draws].map(([index, node]) => {
      const constant = trace.nodes[index]!;
      if (constant.kind !== 'constant') throw new Error('unreachable: only constants are drawn');
      const values = new Float32Array(constant.value.content.buffer);
      return [node, tf.tensor(values, [...constant.value.shape])];
    }),
  );
}
