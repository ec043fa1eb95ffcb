import { dataTypes } from './binding.js';
import type { AttributeValue, GraphNode } from './saved-model.js';

export const float: AttributeValue = { kind: 'type', value: dataTypes.float32 };
export const integer: AttributeValue = { kind: 'type', value: dataTypes.int32 };

/** Integers as a node. */
export function constant(name: string, value: number | readonly number[]): GraphNode {
  const shape = typeof value === 'number' ? [] : [value.length];
  const content = new Uint8Array(Int32Array.from([value].flat()).buffer);
  const tensor = { dtype: dataTypes.int32, shape, content };
  return {
    name,
    op: 'Const',
    inputs: [],
    attributes: { dtype: integer, value: { kind: 'tensor', value: tensor } },
  };
}

/** Tensors of floats beside one another. */
export function laidBeside(name: string, names: readonly string[], axis: number): GraphNode[] {
  const attributes = { N: { kind: 'int', value: names.length }, T: float, Tidx: integer } as const;
  return [
    { name, op: 'ConcatV2', inputs: [...names, `${name}/axis`], attributes },
    constant(`${name}/axis`, axis),
  ];
}

/** A tensor of floats in another shape. */
export function reshaped(name: string, of: string, shape: readonly number[]): GraphNode[] {
  return [
    { name, op: 'Reshape', inputs: [of, `${name}/shape`], attributes: { T: float, Tshape: integer } },
    constant(`${name}/shape`, shape),
  ];
}
