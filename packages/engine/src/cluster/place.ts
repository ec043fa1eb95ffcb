import { ProgramError } from '../errors.js';
import { dataTypes } from '../program/binding.js';
import type { EntryNodes } from '../program/graph.js';
import { type AttributeValue, type GraphNode, isControl, nodeOf } from '../program/saved-model.js';
import { sumAttribute } from '../program/trace.js';
import { cpuOf, DeviceGraph, devicesOf, examplesVariable, int32s, type } from './nodes.js';
import { packTransfers } from './pack.js';
import type { PerWorker } from './per-worker.js';

/** One worker's copy of a traced entry. */
export interface Copy {
  readonly worker: number;
  /** Of a graph of its own, whose state has the names of all others'. */
  readonly nodes: readonly GraphNode[];
  readonly entry: EntryNodes;
}

export interface Placement {
  /** The entry's name, for errors. */
  readonly entry: string;
  /** What its nodes' names begin with: another one for every entry. */
  readonly prefix: string;
  /** Which parameter server has a variable, by the name of its nodes. */
  readonly serverOf: ReadonlyMap<string, number>;
  /** The inputs that are another tensor on every worker. */
  readonly perWorker: ReadonlyMap<string, PerWorker>;
}

/** A placed entry: its nodes, and the names of what is fed and fetched. */
export interface Placed {
  readonly nodes: readonly GraphNode[];
  readonly entry: EntryNodes;
  /** The placeholders of numbers that differ from worker to worker, by input and worker. */
  readonly values: readonly { readonly input: string; readonly worker: number; readonly node: string }[];
}

/**
 * Gives every node of a traced entry a device.
 *
 * What is summed over workers, and all that it is computed from but the variables, runs on every worker with the
 * worker's own examples. The sums and what is computed from them run once, beside the variables. So what goes over the
 * network are the variables that a worker reads, and its part of the sums.
 */
export function place(copies: readonly Copy[], placement: Placement): Placed {
  const [first] = copies;
  const parts = copies.map((copy) => workerPart(copy, placement, 'with shares'));
  const central = centralPart(first!, parts[0]!.shared, placement);
  const sums = sumsOf(first!);
  const rename = (name: string) => centralName(placement, name);
  const nodes = [
    ...parts.flatMap((part) => part.nodes),
    ...central.map((node) => {
      const place = sums.indexOf(node);
      if (place < 0) return renamed(node, rename);
      const inputs = parts.map((part) => part.sums[place]!);
      const attributes: Record<string, AttributeValue> = {
        T: node.attributes.T!,
        N: { kind: 'int', value: inputs.length },
      };
      return { name: rename(node.name), op: 'AddN', inputs, attributes };
    }),
  ];
  const placed = onServers(nodes, placement);
  return {
    nodes: packTransfers(placed, packable(placed, parts, sums), placement.prefix),
    entry: centralEntry(first!, central, placement),
    values: parts.flatMap(({ values }) => values),
  };
}

/**
 * The shapes of numbers that may go to another machine together: what all depends on, and sums where none depends on
 * another.
 */
function packable(
  nodes: readonly GraphNode[],
  parts: readonly WorkerPart[],
  sums: readonly GraphNode[],
): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const add = (name: string, dtype: AttributeValue | undefined, shape: AttributeValue | undefined) => {
    const isNumbers = dtype?.kind === 'type' && dtype.value === dataTypes.float32;
    if (isNumbers && shape?.kind === 'shape' && shape.value !== 'unknown') shapes.set(name, shape.value);
  };
  const handles = new Map(nodes.filter(({ op }) => op === 'VarHandleOp').map((node) => [node.name, node]));
  for (const { name, op, inputs, attributes } of nodes) {
    if (op === 'Placeholder') add(name, attributes.dtype, attributes.shape);
    if (name === `${stateOf(name)}/read`)
      add(name, attributes.dtype, handles.get(inputs[0]!)?.attributes.shape);
  }
  const names = new Set(sums.map(({ name }) => name));
  if (parts.some(({ shared }) => shared.some((name) => names.has(name)))) return shapes;
  for (const part of parts) {
    for (const [place, { attributes }] of sums.entries()) {
      add(part.sums[place]!, attributes.T, attributes[sumAttribute]);
    }
  }
  return shapes;
}

/** What of an entry is fed and fetched once, not by worker. */
export function centralEntry(
  { entry }: Copy,
  central: readonly GraphNode[],
  placement: Placement,
): EntryNodes {
  const rename = (name: string) => centralName(placement, name);
  // An input that nothing is computed from has no node.
  const known = new Set(central.map(({ name }) => name));
  const used = Object.entries(entry.inputs).filter(([, node]) => known.has(node));
  return {
    inputs: mapValues(Object.fromEntries(used), rename),
    outputs: mapValues(entry.outputs, rename),
    done: rename(entry.done),
    seed: entry.seed === undefined || !known.has(entry.seed) ? undefined : rename(entry.seed),
    draws: new Map(),
  };
}

/** What a copy sums over workers: what each has, and its share where there is one. */
export function sumsOf({ nodes }: Copy): GraphNode[] {
  return nodes.filter(isSum);
}

/** The variable that a node belongs to, where it is not an entry's. */
export function stateOf(name: string): string | undefined {
  return /^(state\d+)(?:\/|$)/.exec(name)?.[1];
}

export function isSum({ attributes }: GraphNode): boolean {
  return sumAttribute in attributes;
}

export function centralName({ prefix }: Placement, name: string): string {
  return stateOf(name) === undefined ? `${prefix}/${name}` : name;
}

/** All that the entry's ends, and what workers get, depend on, up to the sums. */
export function centralPart(
  { nodes, entry }: Copy,
  shared: readonly string[],
  { entry: what, perWorker }: Placement,
): GraphNode[] {
  const inputs = new Map([...perWorker.keys()].map((name) => [entry.inputs[name], name]));
  const central = ancestors(nodes, [...Object.values(entry.outputs), entry.done, ...shared], isSum);
  const strange = central.find(({ name }) => inputs.has(name));
  if (strange !== undefined) {
    throw new ProgramError(
      `entry '${what}': an output, or what is assigned to a variable, depends on '${inputs.get(strange.name)}', of which each ` +
        'worker has another one. Sum it with engine.overWorkers before.',
    );
  }
  return central;
}

interface WorkerPart {
  readonly nodes: readonly GraphNode[];
  readonly values: Placed['values'];
  /** What it takes from the central part. */
  readonly shared: readonly string[];
  /** The worker's tensor of every sum. */
  readonly sums: readonly string[];
}

/**
 * All that a worker's sums depend on, up to other sums, the variables and what the chief feeds.
 *
 * @param shares Whether the worker multiplies what is summed by its shares.
 */
export function workerPart(
  copy: Copy,
  placement: Placement,
  shares: 'with shares' | 'without shares',
): WorkerPart {
  const { worker, nodes, entry } = copy;
  const { prefix, perWorker } = placement;
  const device = devicesOf({ job: 'worker', index: worker });
  const inputs = new Map(Object.entries(entry.inputs).map(([name, node]) => [node, name]));
  const isFed = ({ name, op }: GraphNode) => op === 'Placeholder' && !perWorker.has(inputs.get(name) ?? '');
  const sums = sumsOf(copy);
  const ends = sums.flatMap(({ inputs }) => (shares === 'with shares' ? inputs : inputs.slice(0, 1)));
  const isShared = (node: GraphNode) => stateOf(node.name) !== undefined || isSum(node) || isFed(node);
  const part = ancestors(nodes, ends, isShared);
  const changing = part.find(({ op }) => /^(Assign|Resource)/.test(op));
  if (changing !== undefined) {
    throw new ProgramError(
      `entry '${placement.entry}' changes a variable before it sums over workers what depends on the change. Change it after.`,
    );
  }
  const own = new Set(part.filter((node) => !isShared(node)).map(({ name }) => name));
  const values: { input: string; worker: number; node: string }[] = [];
  const extra: GraphNode[] = [];
  const prefixOwn = `${prefix}/worker${worker}`;
  const seed = `${prefixOwn}/seed`;
  if (entry.seed !== undefined && part.some(({ name }) => name === entry.seed)) {
    extra.push(...ownSeed(seed, `${prefix}/${entry.seed}`, worker, device));
  }
  const rename = (name: string) => {
    const node = nodeOf(name);
    if (node === entry.seed) return seed;
    return own.has(node) ? `${prefixOwn}/${name}` : centralName(placement, name);
  };
  const copied = part.flatMap((node): GraphNode[] => {
    if (!own.has(node.name)) return [];
    const input = inputs.get(node.name);
    if (input === undefined) return [{ ...renamed(node, rename), device }];
    const source = perWorker.get(input)!;
    if (source.kind === 'values') {
      values.push({ input, worker, node: rename(node.name) });
      return [{ ...renamed(node, rename), device }];
    }
    return reading(source, worker, rename(node.name), node.attributes, prefixOwn);
  });
  const shared = part.filter(isShared).map(({ name }) => name);
  const multiplied = sums.flatMap((sum): GraphNode[] => {
    if (shares === 'without shares' || sum.inputs.length < 2) return [];
    return [
      {
        ...renamed(sum, rename),
        name: `${prefixOwn}/${sum.name}`,
        attributes: { T: sum.attributes.T! },
        device,
      },
    ];
  });
  const names = new Set(multiplied.map(({ name }) => name));
  return {
    nodes: [...extra, ...copied, ...multiplied],
    values,
    shared,
    sums: sums.map(({ name, inputs }) => {
      const product = `${prefixOwn}/${name}`;
      return names.has(product) ? product : rename(inputs[0]!);
    }),
  };
}

/** A worker's examples out of its variable, which any shape would fit in. */
function reading(
  { name: variable, dtype, parts }: Extract<PerWorker, { kind: 'examples' }>,
  worker: number,
  name: string,
  { shape }: GraphNode['attributes'],
  prefix: string,
): GraphNode[] {
  const device = cpuOf({ job: 'worker', index: worker });
  const graph = new DeviceGraph(device, `${prefix}/`);
  const read = graph.read(examplesVariable(variable, parts.get(worker)!.place), dtype);
  return [
    ...graph.nodes,
    { name, op: 'EnsureShape', inputs: [read], attributes: { T: type(dtype), shape: shape! }, device },
  ];
}

/** Every worker draws other numbers. */
function ownSeed(name: string, seed: string, worker: number, device: string): GraphNode[] {
  const offset = `${name}/offset`;
  return [
    { name: offset, op: 'Const', inputs: [], attributes: int32s([2], [worker + 1, 0]), device },
    { name, op: 'AddV2', inputs: [seed, offset], attributes: { T: type(dataTypes.int32) }, device },
  ];
}

/** Gives what has no device that of the variable that it is for, or comes from. */
export function onServers(nodes: readonly GraphNode[], { serverOf }: Placement): GraphNode[] {
  const servers = new Map<string, number>();
  for (const { name } of nodes) {
    const state = stateOf(name);
    if (state !== undefined) servers.set(name, serverOf.get(state)!);
  }
  const sourcesOf = ({ inputs }: GraphNode) => inputs.map(nodeOf);
  const free = nodes.filter(({ name, device }) => device === undefined && !servers.has(name));
  // What takes a variable's resource has to be where that is.
  const handles = new Set(nodes.filter(({ op }) => op === 'VarHandleOp').map(({ name }) => name));
  for (const node of free) {
    const handle = node.inputs.find((input) => handles.has(input));
    if (handle !== undefined) servers.set(node.name, servers.get(handle)!);
  }
  // The rest goes where it is used, then to where it comes from.
  for (const node of nodes.toReversed()) {
    const server = servers.get(node.name);
    if (server === undefined) continue;
    for (const source of sourcesOf(node)) if (!servers.has(source)) servers.set(source, server);
  }
  for (const node of free) {
    if (servers.has(node.name)) continue;
    const known = sourcesOf(node).find((source) => servers.has(source));
    servers.set(node.name, known === undefined ? 0 : servers.get(known)!);
  }
  return nodes.map((node) =>
    node.device === undefined
      ? { ...node, device: cpuOf({ job: 'ps', index: servers.get(node.name)! }) }
      : node,
  );
}

export function ancestors(
  nodes: readonly GraphNode[],
  ends: readonly string[],
  isEnd: (node: GraphNode) => boolean,
): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const reached = new Set(ends.map(nodeOf));
  for (const name of reached) {
    const node = byName.get(name)!;
    if (isEnd(node)) continue;
    for (const input of node.inputs) reached.add(nodeOf(input));
  }
  return nodes.filter(({ name }) => reached.has(name));
}

export function renamed(node: GraphNode, rename: (name: string) => string): GraphNode {
  const input = (name: string) => (isControl(name) ? `^${rename(name.slice(1))}` : rename(name));
  return { ...node, name: rename(node.name), inputs: node.inputs.map(input) };
}

function mapValues(
  record: Readonly<Record<string, string>>,
  map: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
