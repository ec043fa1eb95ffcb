import type * as tf from '@tensorflow/tfjs-core';
import {
  type Addon,
  type Fetched,
  feedsOf,
  type SessionHandle,
  tensorOf,
  valuesFor,
  viewOf,
} from '../addon.js';
import type { DataType, HostValues, NativeBackend } from './binding.js';
import { graphOptions } from './graph-options.js';
import { encodeGraph, type GraphNode, isControl, nodeOf } from './saved-model.js';
import { expectInUse, failing, type Session } from './session.js';
import { Message } from './wire.js';

const nothing = new Uint8Array();
/** A `ConfigProto`. */
const config = new Message().message(10, graphOptions()).finish();

/** Beyond this many values, reading them again is little beside what is done with them, and keeping them is not. */
const KEPT = 2 ** 20;

/** What was read of TensorFlow's tensors, for as long as they are there: what is fed twice is mostly fed every step. */
const read = new WeakMap<object, HostValues>();

/** Those that may be at something. */
const open = new Set<RuntimeSession>();

/**
 * A session of our addon: nodes reach TensorFlow with the first run that needs them, so it plans each run once, and a run
 * that only does something goes on while JavaScript does.
 */
export class RuntimeSession implements Session {
  private readonly handle: SessionHandle;
  private nodes: ReadonlyMap<string, GraphNode>;
  /** Those that TensorFlow has, as it got them. */
  private readonly given = new Map<string, GraphNode>();

  constructor(
    private readonly addon: Addon,
    private readonly backend: NativeBackend,
    nodes: readonly GraphNode[],
  ) {
    this.nodes = byName(nodes);
    this.handle = failing('no session can be opened', () => addon.openSession(nothing, '', config));
    if (open.size === 0) process.on('exit', finishAll);
    open.add(this);
  }

  run(
    what: string,
    feeds: ReadonlyMap<string, tf.Tensor>,
    fetches: readonly string[],
    work?: () => void,
  ): tf.Tensor[] {
    const ends = [...feeds.keys(), ...fetches];
    if (work === undefined) {
      return this.using(what, ends, () =>
        this.addon.runSync(this.handle, feedsOf(feeds, this.valuesOf), fetches, [], nothing).map(tensorOf),
      );
    }
    this.using(what, ends, () => this.addon.begin(this.handle, feedsOf(feeds, this.valuesOf), fetches));
    let computed: readonly Fetched[] = [];
    try {
      work();
    } finally {
      computed = failing(`${what} failed`, () => this.addon.take(this.handle));
    }
    return computed.map(tensorOf);
  }

  /** Into tensors of tfjs-node: what JavaScript itself holds of such size has it collect garbage all the time. */
  read(nodes: readonly string[]): tf.Tensor[] {
    return this.shared(nodes).map(({ dtype, shape, data }) => {
      const id = this.backend.binding.createTensor(shape, dtype, viewOf(dtype, data));
      return this.backend.createOutputTensor({ id, shape, dtype });
    });
  }

  peek(nodes: readonly string[]): HostValues[] {
    return this.shared(nodes).map(({ dtype, data }) => viewOf(dtype, data));
  }

  write(values: ReadonlyMap<string, tf.Tensor>, loads: readonly string[]): void {
    this.using('loading the state', [...values.keys(), ...loads], () =>
      this.addon.runSync(this.handle, feedsOf(values), [], loads, nothing),
    );
    // Has tfjs-node take over what JavaScript holds.
    this.backend.getInputTensorIds([...values.values()]);
  }

  perform(what: string, feeds: ReadonlyMap<string, tf.Tensor>, node: string): void {
    this.using(what, [...feeds.keys(), node], () =>
      this.addon.runBehind(this.handle, feedsOf(feeds, this.valuesOf), [node], `${what} before it: `),
    );
  }

  grow(nodes: readonly GraphNode[]): boolean {
    const grown = byName(nodes);
    const isSame = [...this.given].every(([name, node]) => {
      const now = grown.get(name);
      return now === undefined || now === node || JSON.stringify(now) === JSON.stringify(node);
    });
    if (isSame) this.nodes = grown;
    return isSame;
  }

  /** Waits for what is under way. */
  finish(): void {
    failing('the program failed', () => this.addon.wait(this.handle));
  }

  close(): void {
    open.delete(this);
    if (open.size === 0) process.off('exit', finishAll);
    try {
      this.finish();
    } finally {
      this.addon.closeSession(this.handle).catch(() => undefined);
    }
  }

  private shared(nodes: readonly string[]): Fetched[] {
    return this.using('reading the state', nodes, () =>
      this.addon.runShared(this.handle, [], nodes, [], nothing),
    );
  }

  /** Runs what feeds and asks for these nodes. */
  private using<R>(what: string, ends: readonly string[], run: () => R): R {
    expectInUse(what, this.backend);
    this.give(what, ends);
    return failing(`${what} failed`, run);
  }

  private readonly valuesOf = (tensor: tf.Tensor, dtype: DataType): HostValues => {
    const { id, values } = this.backend.tensorMap.get(tensor.dataId);
    if (values !== null) return valuesFor(dtype, values);
    const known = read.get(tensor.dataId);
    if (known !== undefined) return known;
    const found = valuesFor(dtype, this.backend.binding.tensorDataSync(id));
    if (tensor.size <= KEPT) read.set(tensor.dataId, found);
    return found;
  };

  /** Gives TensorFlow the nodes that these depend on, as far as it lacks them. */
  private give(what: string, ends: readonly string[]): void {
    const missing = new Map<string, GraphNode>();
    const [tensors, controls] = [new Set<string>(), new Set<string>()];
    const stack = ends.map(nodeOf);
    while (stack.length > 0) {
      const name = stack.pop()!;
      if (this.given.has(name) || missing.has(name)) continue;
      const node = this.nodes.get(name)!;
      missing.set(name, node);
      for (const input of node.inputs) {
        const source = nodeOf(input);
        if (!this.given.has(source)) stack.push(source);
        else if (isControl(input)) controls.add(source);
        else tensors.add(input);
      }
    }
    if (missing.size === 0) return;
    const graph = encodeGraph([...missing.values()]);
    failing(`${what} cannot be loaded`, () =>
      this.addon.extend(this.handle, graph, [...tensors], [...controls]),
    );
    for (const [name, node] of missing) this.given.set(name, node);
  }
}

/** TensorFlow must not be at something while the process takes it down. */
function finishAll(): void {
  for (const session of open) session.finish();
}

function byName(nodes: readonly GraphNode[]): ReadonlyMap<string, GraphNode> {
  return new Map(nodes.map((node) => [node.name, node]));
}
