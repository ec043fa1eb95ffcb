import * as tf from '@tensorflow/tfjs-core';
import { ProgramError } from '../errors.js';
import {
  type Attribute,
  type Binding,
  type DataType,
  dataTypes,
  type HostValues,
  type KernelInput,
  type NativeBackend,
  type TensorInfo,
} from './binding.js';
import { type Draw, Watch } from './draws.js';
import type { NamedTensors, Step } from './entry.js';
import { type InPlaceUpdate, whileNoticed } from './in-place.js';
import { whileMarked } from './over-workers.js';
import { withoutReads } from './refuse-reads.js';
import type { AttributeValue, TensorValue } from './saved-model.js';
import { withMethods } from './with-methods.js';

/** A tensor of a trace: an output of one of its nodes. */
export interface Value {
  readonly node: number;
  readonly output: number;
  readonly dtype: DataType;
  readonly shape: readonly number[];
}

export type TraceNode =
  | {
      readonly kind: 'input';
      readonly name: string;
      readonly dtype: DataType;
      readonly shape: readonly number[];
    }
  | { readonly kind: 'variable'; readonly variable: tf.Variable; readonly dtype: DataType }
  | {
      readonly kind: 'constant';
      readonly value: TensorValue;
      /** The operation that used it first. */
      readonly usedBy: string;
      readonly draw: Draw | undefined;
    }
  | {
      readonly kind: 'operation';
      readonly op: string;
      readonly attributes: Readonly<Record<string, AttributeValue>>;
      readonly inputs: readonly Value[];
    }
  | {
      /** An operation on variables in place; its outputs are what they became. */
      readonly kind: 'update';
      readonly op: string;
      readonly attributes: Readonly<Record<string, AttributeValue>>;
      readonly dtype: DataType;
      readonly variables: readonly tf.Variable[];
      /** What the variables were. */
      readonly former: readonly Value[];
      readonly inputs: readonly Value[];
    };

/** What a step did, operation by operation. */
export interface Trace {
  readonly nodes: readonly TraceNode[];
  readonly outputs: ReadonlyMap<string, Value>;
  /** The variables that the step changed, and what they became. */
  readonly writes: ReadonlyMap<tf.Variable, Value>;
}

/** A trace, and what the step gave when it was recorded; the tensors are the caller's. */
export interface Recording {
  readonly trace: Trace;
  readonly outputs: NamedTensors;
  readonly written: ReadonlyMap<tf.Variable, tf.Tensor>;
}

export interface Call {
  readonly entry: string;
  readonly run: Step;
  readonly inputs: NamedTensors;
  /** The variables that the step may use: asked again afterwards, for a carry's come to be in the step. */
  readonly state: () => readonly tf.Variable[];
}

/** Marks an operation that sums over workers, and tells the sum's shape; TensorFlow ignores what begins with an underscore. */
export const sumAttribute = '_over_workers';

/** Operations that a graph would repeat wrongly, and why. */
const refusedOperations: Readonly<Record<string, string>> = {
  Multinomial: 'draws random numbers that a program cannot seed. Draw with tf.randomUniform, and compare',
  ...Object.fromEntries(
    ['Where', 'Unique', 'UniqueV2', 'NonMaxSuppressionV3', 'NonMaxSuppressionV4', 'NonMaxSuppressionV5'].map(
      (op) => [
        op,
        'gives a result whose shape depends on values, where a program has fixed shapes. Run it outside, and pass the result as an input',
      ],
    ),
  ),
};

/**
 * Runs a step on the native engine, writes down every operation that it asks TensorFlow for, and puts the state back
 * as it was.
 *
 * @param random Takes the place of `Math.random` in the step.
 * @throws ProgramError where the step does what a graph cannot repeat. Whatever the step throws is passed on.
 */
export function record(backend: NativeBackend, call: Call, random: () => number): Recording {
  const { entry, state } = call;
  const declared = state();
  const strangers = registered().filter((variable) => !declared.includes(variable));
  let recording: Recording | undefined;
  // Not returned from the tidy, which would look for tensors in every byte of it.
  tf.tidy(() => {
    const former = [...declared, ...strangers].map((variable) => ({ variable, value: tf.clone(variable) }));
    const recorder = new Recorder(backend, entry, random, strangers);
    try {
      for (const variable of declared) {
        // Two variables may share their data. Each gets its own here, so that it can be told which one is meant.
        variable.assign(alias(backend, variable));
        recorder.add(variable, { kind: 'variable', variable, dtype: dtypeOf(backend, variable) });
      }
      const inputs = Object.fromEntries(
        Object.entries(call.inputs).map(([name, tensor]) => {
          const input = alias(backend, tensor);
          recorder.add(input, { kind: 'input', name, dtype: dtypeOf(backend, input), shape: input.shape });
          return [name, input];
        }),
      );
      const outputs = recorder.watch(() => call.run(inputs));
      refuseChanges(entry, former.slice(declared.length), state());
      recording = recorder.finish(outputs, state());
    } finally {
      for (const { variable, value } of former) {
        if (!variable.isDisposed && variable.dataId !== value.dataId) variable.assign(value);
      }
    }
  });
  return recording!;
}

class Recorder {
  private readonly nodes: TraceNode[] = [];
  /** By the binding's id of a tensor. */
  private readonly values = new Map<number, Value>();
  private readonly strangers: ReadonlyMap<number, string>;
  private readonly scopes: Watch;
  private readonly binding: Binding;
  private readonly updated = new Set<tf.Variable>();
  /** Whether what is asked of TensorFlow goes unwritten: it is written as one piece. */
  private isPaused = false;

  constructor(
    private readonly backend: NativeBackend,
    private readonly entry: string,
    random: () => number,
    strangers: readonly tf.Variable[],
  ) {
    this.binding = backend.binding;
    this.scopes = new Watch(entry, random, (dataId) => backend.tensorMap.get(dataId).values);
    this.strangers = new Map(strangers.map((variable) => [idOf(backend, variable), variable.name]));
  }

  /** Makes a tensor known before the step begins. */
  add(tensor: tf.Tensor, node: TraceNode): void {
    this.values.set(
      idOf(this.backend, tensor),
      this.output(node, dtypeOf(this.backend, tensor), tensor.shape),
    );
  }

  /** Runs the step with every way by which it can get at TensorFlow, or at chance, under watch. */
  watch(run: () => NamedTensors): NamedTensors {
    const { backend, scopes } = this;
    const engine = tf.engine();
    const startScope = engine.startScope.bind(engine);
    const endScope = engine.endScope.bind(engine);
    const ids = backend.getInputTensorIds.bind(backend);
    const watched = {
      // The addon's own methods cannot be replaced, only hidden.
      binding: Object.create(this.binding, {
        executeOp: { value: (...call: Parameters<Binding['executeOp']>) => this.execute(...call) },
      }),
      getInputTensorIds: (tensors: KernelInput[]) => this.ids(tensors, ids),
    };
    const scoped = {
      startScope(name?: string) {
        scopes.startScope(name);
        startScope(name);
      },
      endScope(result?: tf.TensorContainer) {
        scopes.endScope(result);
        endScope(result);
      },
    };
    return withMethods(backend, watched, () =>
      withMethods(engine, scoped, () =>
        withMethods(Math, { random: () => scopes.draw() }, () =>
          whileNoticed(
            (update, run) => this.update(update, run),
            () =>
              whileMarked(
                (tensor, share) => this.sum(tensor, share),
                () => withoutReads(this.entry, (dataId) => scopes.origin(dataId), run),
              ),
          ),
        ),
      ),
    );
  }

  finish(outputs: NamedTensors, state: readonly tf.Variable[]): Recording {
    const named = Object.entries(outputs).map(([name, tensor]) => [name, this.valueOf(tensor)] as const);
    const writes = state.flatMap((variable) => {
      const value = this.valueOf(variable);
      const node = this.nodes[value.node]!;
      const isUntouched =
        node.kind === 'variable' && node.variable === variable && !this.updated.has(variable);
      return isUntouched ? [] : [[variable, value] as const];
    });
    return {
      trace: { nodes: this.nodes, outputs: new Map(named), writes: new Map(writes) },
      outputs: Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, copy(tensor)])),
      written: new Map(writes.map(([variable]) => [variable, copy(variable)])),
    };
  }

  private execute(...[op, attributes, inputs, count]: Parameters<Binding['executeOp']>) {
    const refusal = refusedOperations[op];
    if (refusal !== undefined) {
      throw new ProgramError(`entry '${this.entry}': the operation '${op}' ${refusal}.`);
    }
    const { binding } = this;
    const results = binding.executeOp(op, attributes, inputs, count);
    if (this.isPaused) return results;
    const node: TraceNode = {
      kind: 'operation',
      op,
      attributes: Object.fromEntries(
        attributes.map((attribute) => [attribute.name, attributeValue(binding, attribute)]),
      ),
      inputs: inputs.map((id) => this.values.get(id)!),
    };
    const index = this.nodes.push(node) - 1;
    results.forEach(({ id, dtype, shape }, output) => {
      this.values.set(id, { node: index, output, dtype, shape });
    });
    return results;
  }

  /** Writes down that a tensor is summed over the workers of a cluster: the one of a trace sums alone. */
  private sum(tensor: tf.Tensor, share: tf.Scalar | undefined): tf.Tensor {
    const source = this.valueOf(tensor);
    const sum =
      share === undefined ? alias(this.backend, tensor) : this.unwritten(() => tf.mul(tensor, share));
    const node: TraceNode = {
      kind: 'operation',
      op: share === undefined ? 'Identity' : 'Mul',
      attributes: {
        T: { kind: 'type', value: source.dtype },
        [sumAttribute]: { kind: 'shape', value: source.shape },
      },
      inputs: share === undefined ? [source] : [source, this.valueOf(share)],
    };
    const index = this.nodes.push(node) - 1;
    this.values.set(idOf(this.backend, sum), { ...source, node: index, output: 0 });
    return sum;
  }

  /** Runs what is written down as one piece. */
  private unwritten<R>(run: () => R): R {
    this.isPaused = true;
    try {
      return run();
    } finally {
      this.isPaused = false;
    }
  }

  /** Writes an update in place as one node, whatever operations it takes to run it here. */
  private update({ op, variables, inputs, attributes = {} }: InPlaceUpdate, run: () => void): void {
    const { dtype } = this.valueOf(variables[0]!);
    const node: TraceNode = {
      kind: 'update',
      op,
      attributes,
      dtype,
      variables,
      former: variables.map((variable) => this.valueOf(variable)),
      inputs: inputs.map((input) => this.valueOf(input)),
    };
    this.unwritten(run);
    const index = this.nodes.push(node) - 1;
    variables.forEach((variable, output) => {
      this.values.set(idOf(this.backend, variable), { node: index, output, dtype, shape: variable.shape });
      this.updated.add(variable);
    });
  }

  private valueOf(tensor: tf.Tensor): Value {
    const [id] = this.ids([tensor], (tensors) => this.backend.getInputTensorIds(tensors));
    return this.values.get(id!)!;
  }

  /** The binding's ids of an operation's inputs. One that is not known yet is a constant. */
  private ids(tensors: KernelInput[], ask: (tensors: KernelInput[]) => number[]): number[] {
    // To be looked at before: asking hands the values of fresh tensors over to TensorFlow.
    const infos = tensors.map((tensor) => this.infoOf(tensor));
    const ids = ask(tensors);
    if (this.isPaused) return ids;
    ids.forEach((id, index) => {
      if (!this.values.has(id)) this.values.set(id, this.constant(id, infos[index]!));
    });
    return ids;
  }

  private infoOf(tensor: KernelInput): Pick<TensorInfo, 'shape' | 'dtype' | 'values'> {
    if (!('dataId' in tensor)) return { shape: [], dtype: dataTypes.int64, values: tensor.valueArray };
    const { shape, dtype, values } = this.backend.tensorMap.get(tensor.dataId);
    return { shape, dtype, values };
  }

  private constant(
    id: number,
    { shape, dtype, values }: Pick<TensorInfo, 'shape' | 'dtype' | 'values'>,
  ): Value {
    const stranger = this.strangers.get(id);
    if (stranger !== undefined) {
      throw new ProgramError(
        `entry '${this.entry}' reads the variable '${stranger}' (in '${this.scopes.operation}'), which is not in the program's ` +
          'state: its value would be frozen. Add it to `state`.',
      );
    }
    const content = bytesOf(this.entry, dtype, values ?? this.binding.tensorDataSync(id));
    const draw = values === null ? undefined : this.scopes.drawOf(values);
    const value = { dtype, shape: [...shape], content };
    return this.output({ kind: 'constant', value, usedBy: this.scopes.operation, draw }, dtype, shape);
  }

  private output(node: TraceNode, dtype: DataType, shape: readonly number[]): Value {
    return { node: this.nodes.push(node) - 1, output: 0, dtype, shape: [...shape] };
  }
}

function registered(): tf.Variable[] {
  return Object.values(tf.engine().state.registeredVariables);
}

function idOf(backend: NativeBackend, tensor: tf.Tensor): number {
  return backend.getInputTensorIds([tensor])[0]!;
}

function dtypeOf(backend: NativeBackend, tensor: tf.Tensor): DataType {
  return backend.tensorMap.get(tensor.dataId).dtype;
}

/** A tensor that outlives the tidy. */
function copy(tensor: tf.Tensor): tf.Tensor {
  return tf.keep(tf.clone(tensor));
}

/** A tensor with the same values, and an id of its own. */
function alias(backend: NativeBackend, tensor: tf.Tensor): tf.Tensor {
  const { binding } = backend;
  const [id] = backend.getInputTensorIds([tensor]);
  const type = { name: 'T', type: binding.TF_ATTR_TYPE, value: dtypeOf(backend, tensor) };
  return backend.createOutputTensor(binding.executeOp('Identity', [type], [id!], 1)[0]!);
}

/** A step may change only what is declared. What it changed is put back by the caller. */
function refuseChanges(
  entry: string,
  strangers: readonly { readonly variable: tf.Variable; readonly value: tf.Tensor }[],
  declared: readonly tf.Variable[],
): void {
  const changed = strangers.find(({ variable, value }) => variable.dataId !== value.dataId);
  if (changed !== undefined) {
    throw new ProgramError(
      `entry '${entry}' changes the variable '${changed.variable.name}', which is not in the program's state. Add it to \`state\`.`,
    );
  }
  const known = new Set([...strangers.map(({ variable }) => variable), ...declared]);
  const created = registered().find((variable) => !known.has(variable));
  if (created !== undefined) {
    throw new ProgramError(
      `entry '${entry}' creates the variable '${created.name}', which would be created anew with every trace. ` +
        'Create it before the program, and add it to `state`; tensors that one entry leaves for another go into a carry.',
    );
  }
}

export function attributeValue(binding: Binding, { name, type, value }: Attribute): AttributeValue {
  if (type === binding.TF_ATTR_SHAPE) return { kind: 'shape', value: value as readonly number[] };
  if (Array.isArray(value)) {
    return { kind: 'list', value: value.map((item) => attributeValue(binding, { name, type, value: item })) };
  }
  switch (type) {
    case binding.TF_ATTR_STRING:
      return { kind: 'string', value: String(value) };
    case binding.TF_ATTR_INT:
      return { kind: 'int', value: Math.trunc(Number(value)) };
    case binding.TF_ATTR_FLOAT:
      return { kind: 'float', value: Number(value) };
    case binding.TF_ATTR_BOOL:
      return { kind: 'bool', value: Boolean(value) };
    case binding.TF_ATTR_TYPE:
      return { kind: 'type', value: Number(value) };
    default:
      throw new ProgramError(`the attribute '${name}' has a kind that programs do not know (${type})`);
  }
}

export function bytesOf(entry: string, dtype: DataType, values: HostValues | readonly number[]): Uint8Array {
  switch (dtype) {
    case dataTypes.float32:
      return bytes(values instanceof Float32Array ? values : Float32Array.from(values));
    case dataTypes.int32:
    case dataTypes.int64:
      return bytes(values instanceof Int32Array ? values : Int32Array.from(values));
    case dataTypes.bool:
      return Uint8Array.from(values);
    default:
      throw new ProgramError(
        `entry '${entry}' uses a constant of a type that programs do not know (TensorFlow's number ${dtype}). ` +
          'Use float32, int32 or bool.',
      );
  }
}

function bytes({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}
