import type * as tf from '@tensorflow/tfjs-core';
import { type DataType, dataTypes } from './binding.js';
import type { Draws } from './compare-traces.js';
import type { Distribution } from './draws.js';
import { dropUnusedReads } from './drop-unused-reads.js';
import { fuseBatchNorms } from './fuse-batch-norm.js';
import { fuseClips } from './fuse-clips.js';
import { joinProducts } from './join-products.js';
import { multiplyPacked } from './multiply-packed.js';
import { isSmall, type Product } from './products.js';
import { type AttributeValue, type GraphNode, isTrue, nodeOf, type TensorValue } from './saved-model.js';
import type { Trace, TraceNode, Value } from './trace.js';
import { transposeOnce } from './transpose-once.js';

/** Names of the nodes of a variable that lives in the session. */
export interface StateNodes {
  readonly handle: string;
  /** Its value when a run begins. */
  readonly read: string;
  /** Where a new value is fed. */
  readonly value: string;
  /** Fetched to put the fed value in place. */
  readonly load: string;
}

/** Names of the nodes of a traced entry that are fed and fetched. */
export interface EntryNodes {
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** Fetched where there are no outputs. */
  readonly done: string;
  /** Fed with two numbers of 32 bits a run; undefined where nothing is drawn. */
  readonly seed: string | undefined;
  /** The random tensors, by the index of the trace's constant that they stand for. */
  readonly draws: ReadonlyMap<number, string>;
}

type Operation = Extract<TraceNode, { kind: 'operation' }>;

type Update = Extract<TraceNode, { kind: 'update' }>;

/** A tensor of the graph and its shape. */
interface Shaped {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a variable's resource holds while a run goes on. */
interface Held {
  /** The tensor. */
  readonly value: string;
  /** What must have run before it may change. */
  readonly after: string;
}

type Attributes = Readonly<Record<string, AttributeValue>>;

/** Constants up to this many bytes are shared: a traced LSTM has thousands of the same few. */
const sharedBytes = 64;

/** Operations whose type tfjs-node leaves out: TensorFlow sees it in their first input, but not in a graph. */
const impliesType: ReadonlySet<string> = new Set(['ExpandDims']);

/** A TensorFlow graph that grows, trace by trace, over one state. */
export class Graph {
  private readonly added: GraphNode[];
  private readonly state: Map<tf.Variable, StateNodes>;
  private readonly constants: Map<string, string>;
  /** What a tensor was before it got another shape. */
  private readonly reshaped: Map<string, Shaped>;
  /** Products of matrices, and sums over one axis. */
  private readonly products: Map<string, Product>;
  /** Of how many values each mean over all axes but the last is. */
  private readonly averaged: Map<string, number>;
  /** Nodes that are fed or fetched. */
  private readonly ends: Set<string>;
  private entries: number;

  /** @param former What the graph begins with; it stays as it is. */
  constructor(former?: Graph) {
    this.added = [...(former?.added ?? [])];
    this.state = new Map(former?.state);
    this.constants = new Map(former?.constants);
    this.reshaped = new Map(former?.reshaped);
    this.products = new Map(former?.products);
    this.averaged = new Map(former?.averaged);
    this.ends = new Set(former?.ends);
    this.entries = former?.entries ?? 0;
  }

  /** The nodes that something fetched depends on, and those that are fed. */
  get nodes(): readonly GraphNode[] {
    const rewrites = [
      dropUnusedReads,
      fuseClips,
      (nodes: readonly GraphNode[]) => fuseBatchNorms(nodes, this.averaged),
      (nodes: readonly GraphNode[]) => joinProducts(nodes, this.products),
      (nodes: readonly GraphNode[]) => multiplyPacked(nodes, this.products),
      (nodes: readonly GraphNode[]) => transposeOnce(nodes, this.products),
    ];
    return rewrites.reduce(
      (nodes, rewrite) => reachable(rewrite(nodes), this.ends),
      reachable(this.added, this.ends),
    );
  }

  /** A variable of the session for a variable of tfjs. */
  stateOf(variable: tf.Variable, dtype: DataType): StateNodes {
    const known = this.state.get(variable);
    if (known !== undefined) return known;
    const name = `state${this.state.size}`;
    const attributes: Attributes = { dtype: type(dtype), shape: shape(variable.shape) };
    const handle = this.add(name, 'VarHandleOp', [], {
      ...attributes,
      shared_name: text(name),
      container: text(''),
    });
    const read = this.add(`${name}/read`, 'ReadVariableOp', [handle], { dtype: type(dtype) });
    const value = this.add(`${name}/value`, 'Placeholder', [], attributes);
    const assign = this.add(`${name}/assign`, 'AssignVariableOp', [handle, value], { dtype: type(dtype) });
    const load = this.add(`${name}/load`, 'Identity', [value, `^${assign}`], { T: type(dtype) });
    const nodes = { handle, read, value, load };
    for (const end of [read, value, load]) this.ends.add(end);
    this.state.set(variable, nodes);
    return nodes;
  }

  /** Adds what a step did, with TensorFlow's draws in place of those of JavaScript. */
  append({ nodes, outputs, writes }: Trace, draws: Draws): EntryNodes {
    const entry = `entry${this.entries++}`;
    const seed =
      draws.size === 0
        ? undefined
        : this.add(`${entry}/seed`, 'Placeholder', [], { dtype: type(dataTypes.int32), shape: shape([2]) });

    const names: string[] = [];
    const updated = new Map<number, readonly string[]>();
    const tensor = ({ node, output }: Value) =>
      updated.get(node)?.[output] ?? (output === 0 ? names[node]! : `${names[node]}:${output}`);
    const held = new Map<tf.Variable, Held>();
    const inputs: Record<string, string> = {};
    const drawn = new Map<number, string>();
    nodes.forEach((node, index) => {
      const name = `${entry}/${index}`;
      const distribution = draws.get(index);
      if (node.kind === 'constant' && distribution !== undefined) {
        names.push(this.draw(name, distribution, node.value.shape, `${seed}`, drawn.size));
        drawn.set(index, names.at(-1)!);
      } else if (node.kind === 'update') {
        names.push(name);
        updated.set(index, this.update(name, node, tensor, held));
      } else if (node.kind === 'operation' && node.op === 'Reshape') {
        const [input, size] = node.inputs as readonly [Value, Value];
        const source = { name: tensor(input), shape: input.shape };
        names.push(this.reshape(name, source, input.dtype, shapeIn(nodes[size.node]!, input.shape)));
      } else {
        names.push(this.node(name, node, tensor));
        if (node.kind === 'operation' && node.op === 'Sum') this.noteSum(names.at(-1)!, node, nodes);
        if (node.kind === 'operation' && node.op === 'Mean') this.noteMean(names.at(-1)!, node, nodes);
      }
      if (node.kind === 'input') inputs[node.name] = name;
    });
    for (const end of [...Object.values(inputs), ...drawn.values(), ...(seed === undefined ? [] : [seed])]) {
      this.ends.add(end);
    }

    const assigned = [...writes].map(
      ([variable, value], index) =>
        this.hold(`${entry}/assign${index}`, variable, value.dtype, tensor(value), held).after,
    );
    const result = (name: string, source: string, dtype: DataType) => {
      const end = this.add(`${entry}/${name}`, 'Identity', [source, ...assigned], { T: type(dtype) });
      this.ends.add(end);
      return end;
    };
    return {
      inputs,
      outputs: Object.fromEntries(
        [...outputs].map(([name, value], index) => [
          name,
          result(`output${index}`, tensor(value), value.dtype),
        ]),
      ),
      done: result('done', this.constant(floats([], 0)), dataTypes.float32),
      seed,
      draws: drawn,
    };
  }

  /** Changes variables in place; gives what they became. */
  private update(
    name: string,
    { op, attributes, dtype, variables, former, inputs }: Update,
    tensor: (value: Value) => string,
    held: Map<tf.Variable, Held>,
  ): string[] {
    const before = variables.map((variable, index) =>
      this.hold(`${name}/assign${index}`, variable, dtype, tensor(former[index]!), held),
    );
    const handles = variables.map((variable) => this.stateOf(variable, dtype).handle);
    const sources = [...handles, ...inputs.map(tensor), ...before.map(({ after }) => after)];
    this.add(name, op, sources, { T: type(dtype), ...attributes });
    return variables.map((variable, index) => {
      const sources = [handles[index]!, `^${name}`];
      const value = this.add(`${name}/read${index}`, 'ReadVariableOp', sources, { dtype: type(dtype) });
      held.set(variable, { value, after: `^${value}` });
      return value;
    });
  }

  /** Has a variable's resource hold a tensor. */
  private hold(
    name: string,
    variable: tf.Variable,
    dtype: DataType,
    value: string,
    held: Map<tf.Variable, Held>,
  ): Held {
    const { handle, read } = this.stateOf(variable, dtype);
    // A step reads the values with which it began, so they are read before they are replaced.
    const former = held.get(variable) ?? { value: read, after: `^${read}` };
    if (former.value === value) return former;
    const assign = this.add(name, 'AssignVariableOp', [handle, value, former.after], { dtype: type(dtype) });
    const now = { value, after: `^${assign}` };
    held.set(variable, now);
    return now;
  }

  private node(name: string, node: Exclude<TraceNode, Update>, tensor: (value: Value) => string): string {
    switch (node.kind) {
      case 'input':
        return this.add(name, 'Placeholder', [], { dtype: type(node.dtype), shape: shape(node.shape) });
      case 'variable':
        return this.stateOf(node.variable, node.dtype).read;
      case 'constant':
        return this.constant(node.value);
      case 'operation':
        return this.operation(name, node, node.inputs.map(tensor));
    }
  }

  private operation(name: string, { op, attributes, inputs }: Operation, sources: readonly string[]): string {
    // tfjs casts the operands of every binary operation.
    if (op === 'Cast' && isSame(attributes.SrcT, attributes.DstT)) return sources[0]!;
    if (op === 'BatchMatMulV2' && inputs.every(isOneMatrix))
      return this.matMul(name, attributes, inputs, sources);
    const implied = impliesType.has(op) ? { T: type(inputs[0]!.dtype) } : {};
    return this.add(name, op, sources, { ...implied, ...attributes });
  }

  /** tfjs multiplies matrices as a batch of one. With oneDNN that takes 30 times as long as it should for small ones. */
  private matMul(
    name: string,
    { T, adj_x, adj_y }: Attributes,
    inputs: readonly Value[],
    sources: readonly string[],
  ): string {
    const [a, b] = inputs.map(({ shape }) => shape) as [readonly number[], readonly number[]];
    const matrix = (index: 0 | 1): Shaped => {
      const { shape } = inputs[index]!;
      const source = { name: sources[index]!, shape };
      const size = shape.slice(-2);
      return { name: this.reshape(`${name}/${index}`, source, dataTypes.float32, size), shape: size };
    };
    const [first, second] = [matrix(0), matrix(1)];
    const product = this.add(`${name}/product`, 'MatMul', [first.name, second.name], {
      T: T!,
      transpose_a: adj_x!,
      transpose_b: adj_y!,
    });
    const rows = a.at(isTrue(adj_x) ? -1 : -2)!;
    const columns = b.at(isTrue(adj_y) ? -2 : -1)!;
    const batch = Array.from({ length: Math.max(a.length, b.length) - 2 }, () => 1);
    const shaped = { name: product, shape: [rows, columns] };
    this.note(shaped, [
      { shape: first.shape, summed: isTrue(adj_x) ? 0 : 1 },
      { shape: second.shape, summed: isTrue(adj_y) ? 1 : 0 },
    ]);
    return this.reshape(name, shaped, dataTypes.float32, [...batch, rows, columns]);
  }

  /** A sum over one axis is to be known as one. */
  private noteSum(name: string, { attributes, inputs }: Operation, nodes: readonly TraceNode[]): void {
    const [x, axes] = inputs as readonly [Value, Value];
    const node = nodes[axes.node]!;
    if (node.kind !== 'constant' || x.dtype !== dataTypes.float32) return;
    const [axis, ...others] = integersOf(node.value);
    if (axis === undefined || others.length > 0) return;
    const summed = axis < 0 ? axis + x.shape.length : axis;
    const keeps = isTrue(attributes.keep_dims);
    const shape = x.shape.flatMap((size, index) => (index !== summed ? [size] : keeps ? [1] : []));
    this.note({ name, shape }, [{ shape: x.shape, summed }]);
  }

  private noteMean(name: string, { inputs }: Operation, nodes: readonly TraceNode[]): void {
    const [x, axes] = inputs as readonly [Value, Value];
    const node = nodes[axes.node]!;
    const others = x.shape.slice(0, -1);
    if (node.kind !== 'constant' || integersOf(node.value).join() !== [...others.keys()].join()) return;
    this.averaged.set(
      name,
      others.reduce((product, size) => product * size, 1),
    );
  }

  private note({ name, shape }: Shaped, operands: Product['operands']): void {
    const product = { operands, shape };
    if (isSmall(product)) this.products.set(name, product);
  }

  /**
   * A tensor in another shape. tfjs gives every matrix a batch of one for a product and takes it away again: of
   * several shapes in a row only the last one counts, and none where that is the first one.
   */
  private reshape(name: string, source: Shaped, dtype: DataType, shape: readonly number[]): string {
    const first = this.reshaped.get(source.name) ?? source;
    if (first.shape.length === shape.length && first.shape.every((size, axis) => size === shape[axis])) {
      return first.name;
    }
    this.reshaped.set(name, first);
    return this.add(name, 'Reshape', [first.name, this.constant(integers([shape.length], ...shape))], {
      T: type(dtype),
      Tshape: type(dataTypes.int32),
    });
  }

  /** `shift + scale * standard`, from a key that is the run's seed and the number of the draw. */
  private draw(
    name: string,
    { op, shift, scale }: Distribution,
    size: readonly number[],
    seed: string,
    count: number,
  ): string {
    const float = { T: type(dataTypes.float32) };
    const offset = this.constant(integers([2], 0, count));
    const key = this.add(`${name}/key`, 'AddV2', [seed, offset], { T: type(dataTypes.int32) });
    const standard = this.add(
      `${name}/standard`,
      op,
      [this.constant(integers([size.length], ...size)), key],
      {
        dtype: type(dataTypes.float32),
        T: type(dataTypes.int32),
        Tseed: type(dataTypes.int32),
      },
    );
    const scaled = this.add(`${name}/scaled`, 'Mul', [standard, this.constant(floats([], scale))], float);
    return this.add(name, 'AddV2', [scaled, this.constant(floats([], shift))], float);
  }

  private constant(value: TensorValue): string {
    const { dtype, shape, content } = value;
    const key = content.length <= sharedBytes ? `${dtype} ${shape} ${content}` : undefined;
    const known = key === undefined ? undefined : this.constants.get(key);
    if (known !== undefined) return known;
    const name = this.add(`constant${this.added.length}`, 'Const', [], {
      dtype: type(dtype),
      value: { kind: 'tensor', value },
    });
    if (key !== undefined) this.constants.set(key, name);
    return name;
  }

  private add(name: string, op: string, inputs: readonly string[], attributes: Attributes): string {
    this.added.push({ name, op, inputs, attributes });
    return name;
  }
}

function reachable(nodes: readonly GraphNode[], ends: Iterable<string>): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const reached = new Set(ends);
  for (const name of reached) {
    for (const input of byName.get(name)!.inputs) reached.add(nodeOf(input));
  }
  return nodes.filter(({ name }) => reached.has(name));
}

/** The shape that a constant asks for, where -1 is whatever is left. */
function shapeIn(node: TraceNode, former: readonly number[]): number[] {
  if (node.kind !== 'constant') throw new Error('unreachable: tfjs gives shapes as constants');
  const shape = integersOf(node.value);
  const known = shape.reduce((product, size) => (size < 0 ? product : product * size), 1);
  const all = former.reduce((product, size) => product * size, 1);
  return shape.map((size) => (size < 0 ? all / known : size));
}

function isSame(a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  return a?.kind === 'type' && b?.kind === 'type' && a.value === b.value;
}

function integersOf({ content: { buffer, byteOffset, byteLength } }: TensorValue): number[] {
  return [...new Int32Array(buffer, byteOffset, byteLength / 4)];
}

/** A matrix, or a batch of one. */
function isOneMatrix({ dtype, shape }: Value): boolean {
  return dtype === dataTypes.float32 && shape.length >= 2 && shape.slice(0, -2).every((size) => size === 1);
}

function type(value: DataType): AttributeValue {
  return { kind: 'type', value };
}

function shape(value: readonly number[]): AttributeValue {
  return { kind: 'shape', value };
}

function text(value: string): AttributeValue {
  return { kind: 'string', value };
}

function floats(shape: readonly number[], ...values: number[]): TensorValue {
  return { dtype: dataTypes.float32, shape, content: new Uint8Array(Float32Array.from(values).buffer) };
}

function integers(shape: readonly number[], ...values: number[]): TensorValue {
  return { dtype: dataTypes.int32, shape, content: new Uint8Array(Int32Array.from(values).buffer) };
}
