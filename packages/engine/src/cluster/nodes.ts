import { type DataType, dataTypes } from '../program/binding.js';
import type { AttributeValue, GraphNode } from '../program/saved-model.js';
import type { Task } from './spec.js';

/** TensorFlow's number for bytes. */
export const uint8: DataType = 4;

/** All devices of a task: TensorFlow chooses among them. */
export function devicesOf({ job, index }: Task): string {
  return `/job:${job}/replica:0/task:${index}`;
}

/** The processor of a task. What several sessions share is pinned there, so that they find the same one. */
export function cpuOf(task: Task): string {
  return `${devicesOf(task)}/device:CPU:0`;
}

/** Where a worker keeps the tensors of its examples, by their names: those of one batch stay while the next is read. */
export function examplesVariable(name: string, place: BatchPlace): string {
  return `examples${place}/${name}`;
}

export type BatchPlace = 0 | 1;

/** A small graph, node by node, on one device. */
export class DeviceGraph {
  readonly nodes: GraphNode[] = [];

  /** @param prefix Of the nodes' names; what they share with other sessions has names of its own. */
  constructor(
    private readonly device: string,
    private readonly prefix = '',
  ) {}

  placeholder(name: string, dtype: DataType): string {
    return this.add(name, 'Placeholder', [], { dtype: type(dtype), shape: unknownShape });
  }

  /** A variable of any shape that all sessions share. */
  variable(name: string, dtype: DataType): string {
    return this.add(`${name}/handle`, 'VarHandleOp', [], {
      dtype: type(dtype),
      shape: unknownShape,
      shared_name: text(`espalier/${name}`),
      container: text(''),
    });
  }

  read(name: string, dtype: DataType): string {
    return this.add(`${name}/read`, 'ReadVariableOp', [this.variable(name, dtype)], { dtype: type(dtype) });
  }

  /** @returns the name of a target that assigns what is fed to `${name}/value`. */
  assign(name: string, dtype: DataType): string {
    const value = this.placeholder(`${name}/value`, dtype);
    return this.add(`${name}/assign`, 'AssignVariableOp', [this.variable(name, dtype), value], {
      dtype: type(dtype),
    });
  }

  /** A queue of tensors that all sessions share. */
  queue(name: string, dtype: DataType): string {
    return this.add(`${name}/queue`, 'FIFOQueueV2', [], {
      component_types: types(dtype),
      capacity: { kind: 'int', value: 64 },
      shared_name: text(`espalier/${name}`),
      container: text(''),
    });
  }

  /**
   * @param after What must have run before.
   * @returns the name of a target that puts what is fed to `${name}/value` at the end.
   */
  enqueue(name: string, dtype: DataType, after: readonly string[] = []): string {
    const value = this.placeholder(`${name}/value`, dtype);
    const inputs = [this.queue(name, dtype), value, ...after.map((node) => `^${node}`)];
    return this.add(`${name}/enqueue`, 'QueueEnqueueV2', inputs, { Tcomponents: types(dtype) });
  }

  dequeue(name: string, dtype: DataType): string {
    return this.add(`${name}/dequeue`, 'QueueDequeueV2', [this.queue(name, dtype)], {
      component_types: types(dtype),
    });
  }

  private add(
    name: string,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
  ): string {
    const whole = `${this.prefix}${name}`;
    this.nodes.push({ name: whole, op, inputs, attributes, device: this.device });
    return whole;
  }
}

export function type(value: DataType): AttributeValue {
  return { kind: 'type', value };
}

function types(value: DataType): AttributeValue {
  return { kind: 'list', value: [type(value)] };
}

/** The attributes of a constant. */
export function int32s(
  shape: readonly number[],
  values: readonly number[],
): Readonly<Record<string, AttributeValue>> {
  const content = new Uint8Array(Int32Array.from(values).buffer);
  return {
    dtype: type(dataTypes.int32),
    value: { kind: 'tensor', value: { dtype: dataTypes.int32, shape, content } },
  };
}

export function text(value: string): AttributeValue {
  return { kind: 'string', value };
}

const unknownShape: AttributeValue = { kind: 'shape', value: 'unknown' };
