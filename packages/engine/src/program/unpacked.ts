import { type AttributeValue, type GraphNode, nodeOf } from './saved-model.js';

/** The node that these are all the parts of, in their order. */
export function unpackingOf(
  names: readonly string[],
  byName: ReadonlyMap<string, GraphNode>,
): GraphNode | undefined {
  const node = byName.get(nodeOf(names[0]!));
  if (node === undefined || !isUnpacking(node)) return undefined;
  const { num } = node.attributes;
  if (num?.kind !== 'int' || num.value !== names.length) return undefined;
  const isPart = (name: string, place: number) =>
    name === (place === 0 ? node.name : `${node.name}:${place}`);
  return names.every(isPart) ? node : undefined;
}

/** Whether a node takes a tensor apart along its first axis. */
export function isUnpacking({ op, attributes }: GraphNode): boolean {
  return op === 'Unpack' && isFirst(attributes.axis);
}

/** Whether it is the first axis. */
export function isFirst(axis: AttributeValue | undefined): boolean {
  return axis?.kind === 'int' && axis.value === 0;
}
