import { reshaped } from './new-nodes.js';
import { fewest, isByRows, kindOf, type Product } from './products.js';
import { type GraphNode, nodeOf } from './saved-model.js';
import { isUnpacking, unpackingOf } from './unpacked.js';

/**
 * Multiplies what is unpacked as a whole, where each part of it is multiplied by the same matrix: the inputs of a
 * recurrent layer.
 */
export function multiplyPacked(
  nodes: readonly GraphNode[],
  products: ReadonlyMap<string, Product>,
): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const groups = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    const product = products.get(node.name);
    const packed = byName.get(nodeOf(node.inputs[0] ?? ''));
    if (product === undefined || packed === undefined || !isByRows(node) || !isUnpacking(packed)) continue;
    const key = JSON.stringify([packed.name, node.inputs[1], kindOf(node, product)]);
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  const replaced = new Map<string, string>();
  const added = [...groups.values()].flatMap((group, index): GraphNode[] => {
    const lefts = group.map(({ inputs }) => inputs[0]!);
    const unpacking = group.length < fewest ? undefined : unpackingOf(lefts, byName);
    if (unpacking === undefined) return [];
    const [first] = group as [GraphNode];
    const { operands, shape } = products.get(first.name)!;
    const name = `packed/${index}`;
    group.forEach((node, place) => {
      replaced.set(node.name, place === 0 ? name : `${name}:${place}`);
    });
    return [
      ...reshaped(`${name}/left`, unpacking.inputs[0]!, [-1, operands[0]!.shape[1]!]),
      { ...first, name: `${name}/product`, inputs: [`${name}/left`, first.inputs[1]!] },
      ...reshaped(`${name}/parts`, `${name}/product`, [group.length, ...shape]),
      { ...unpacking, name, inputs: [`${name}/parts`] },
    ];
  });
  const renamed = (input: string) => replaced.get(input) ?? input;
  return [...nodes.map((node) => ({ ...node, inputs: node.inputs.map(renamed) })), ...added];
}
