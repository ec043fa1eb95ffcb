import { dataTypes } from '../program/binding.js';
import { type AttributeValue, type GraphNode, nodeOf } from '../program/saved-model.js';
import { int32s, type } from './nodes.js';

/** Larger tensors go alone: copying them would take longer than a message of their own. */
const largest = 1 << 16;

/**
 * Has small tensors of numbers that go from one machine to another go as one: every message takes a fraction of a
 * millisecond on both, which for a bias is all that it takes.
 *
 * @param nodes Each with its device.
 * @param shapes Of the tensors that may go together, by name: none is computed from another that comes back.
 * @param prefix Of new nodes' names.
 */
export function packTransfers(
  nodes: readonly GraphNode[],
  shapes: ReadonlyMap<string, readonly number[]>,
  prefix: string,
): GraphNode[] {
  const devices = new Map(nodes.map(({ name, device }) => [name, device!]));
  const isSmall = (tensor: string) => (sizeOf(shapes.get(tensor)) ?? largest + 1) <= largest;
  const packs = new Map<
    string,
    { readonly from: string; readonly to: string; readonly tensors: Set<string> }
  >();
  const keyOf = (tensor: string, device: string) => `${machineOf(devices.get(nodeOf(tensor))!)} ${device}`;
  for (const { inputs, device } of nodes) {
    for (const tensor of inputs) {
      if (!isSmall(tensor)) continue;
      const from = devices.get(nodeOf(tensor))!;
      if (machineOf(from) === machineOf(device!)) continue;
      const key = keyOf(tensor, device!);
      const pack = packs.get(key) ?? { from, to: device!, tensors: new Set() };
      packs.set(key, pack);
      pack.tensors.add(tensor);
    }
  }
  const unpacked = new Map<string, string>();
  const added = [...packs].flatMap(([key, { from, to, tensors }], place) => {
    if (tensors.size < 2) return [];
    const names = [...tensors];
    const pack = packed(
      names.map((name) => ({ name, shape: shapes.get(name)! })),
      {
        from,
        to,
        name: `${prefix}/pack${place}`,
      },
    );
    for (const [index, name] of names.entries()) unpacked.set(`${key} ${name}`, pack.outputs[index]!);
    return pack.nodes;
  });
  const rewired = nodes.map((node) => {
    const inputs = node.inputs.map((tensor) => {
      const key = isSmall(tensor) ? `${keyOf(tensor, node.device!)} ${tensor}` : '';
      return unpacked.get(key) ?? tensor;
    });
    return { ...node, inputs };
  });
  return [...rewired, ...added];
}

/** Puts tensors behind one another on a device, and takes them apart on another. */
function packed(
  tensors: readonly { readonly name: string; readonly shape: readonly number[] }[],
  { from, to, name }: { readonly from: string; readonly to: string; readonly name: string },
): { readonly nodes: readonly GraphNode[]; readonly outputs: readonly string[] } {
  const T = type(dataTypes.float32);
  const index = type(dataTypes.int32);
  const count: AttributeValue = { kind: 'int', value: tensors.length };
  const nodes: GraphNode[] = [];
  const add = (
    device: string,
    own: string,
    op: string,
    inputs: readonly string[],
    attributes: GraphNode['attributes'],
  ): string => {
    const whole = `${name}/${own}`;
    nodes.push({ name: whole, op, inputs, attributes, device });
    return whole;
  };
  const sizes = tensors.map(({ shape }) => sizeOf(shape)!);
  const flat = add(from, 'flat', 'Const', [], int32s([1], [-1]));
  const parts = tensors.map((tensor, place) =>
    add(from, `part${place}`, 'Reshape', [tensor.name, flat], { T, Tshape: index }),
  );
  const axis = add(from, 'axis', 'Const', [], int32s([], [0]));
  const all = add(from, 'all', 'ConcatV2', [...parts, axis], { T, Tidx: index, N: count });
  const lengths = add(to, 'lengths', 'Const', [], int32s([sizes.length], sizes));
  const along = add(to, 'along', 'Const', [], int32s([], [0]));
  const apart = add(to, 'apart', 'SplitV', [all, lengths, along], { T, Tlen: index, num_split: count });
  const outputs = tensors.map(({ shape }, place) => {
    const own = add(to, `shape${place}`, 'Const', [], int32s([shape.length], shape));
    return add(to, `tensor${place}`, 'Reshape', [`${apart}:${place}`, own], { T, Tshape: index });
  });
  return { nodes, outputs };
}

function sizeOf(shape: readonly number[] | undefined): number | undefined {
  return shape?.reduce((size, length) => size * length, 1);
}

/** The task of a device. */
function machineOf(device: string): string {
  return device.split('/device:')[0]!;
}
