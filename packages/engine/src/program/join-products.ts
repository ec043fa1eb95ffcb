import { laidBeside, reshaped } from './new-nodes.js';
import { fewest, isByRows, kindOf, type Operand, type Product } from './products.js';
import { type GraphNode, nodeOf } from './saved-model.js';
import { isFirst, unpackingOf } from './unpacked.js';

/**
 * Makes one operation of many small ones: each costs microseconds however small it is, and an unrolled recurrent layer
 * has many. Its weights' gradients are sums of products over time: of `a b + c d` this makes one product `[a c] [b d]`.
 * The products whose results are stacked, one a time, become one too.
 *
 * @param nodes A graph without what is not needed; in what is given back, what was joined may not be needed any more.
 * @param products Which of its nodes are products of matrices, or sums over an axis.
 */
export function joinProducts(
  nodes: readonly GraphNode[],
  products: ReadonlyMap<string, Product>,
): GraphNode[] {
  const uses = new Map<string, number>();
  for (const input of nodes.flatMap(({ inputs }) => inputs.map(nodeOf))) {
    uses.set(input, (uses.get(input) ?? 0) + 1);
  }
  const byName = new Map(nodes.map((node) => [node.name, node]));
  /** The products that a tensor is the sum of, and of what kind they are. */
  const sums = new Map<string, { readonly terms: readonly GraphNode[]; readonly kind: string }>();
  /** Sums and products that are only part of a larger sum. */
  const parts = new Set<string>();
  for (const node of nodes) {
    const product = products.get(node.name);
    if (product !== undefined) sums.set(node.name, { terms: [node], kind: kindOf(node, product) });
    if (node.op !== 'Add') continue;
    const [left, right] = node.inputs.map((input) => (uses.get(input) === 1 ? sums.get(input) : undefined));
    if (left === undefined || left.kind !== right?.kind) continue;
    // Gradients come from the last use to the first; in the order of use they lie as what is used does.
    sums.set(node.name, { terms: [...right.terms, ...left.terms], kind: left.kind });
    for (const input of node.inputs) parts.add(input);
  }

  const joined = new Map<string, GraphNode[]>();
  const join = (names: readonly string[], { shape, summed: axis }: Operand): string => {
    const key = `${axis} ${names}`;
    const known = joined.get(key);
    if (known !== undefined) return known[0]!.name;
    const name = `joined/${joined.size}`;
    const whole = axis === 0 ? unpackingOf(names, byName)?.inputs[0] : undefined;
    joined.set(
      key,
      whole === undefined ? laidBeside(name, names, axis) : reshaped(name, whole, [-1, ...shape.slice(1)]),
    );
    return name;
  };
  const fused = nodes.flatMap((node): GraphNode[] => {
    const stacked = stackedBy(node, byName, products, uses);
    if (stacked !== undefined) {
      const [first] = stacked as [GraphNode];
      const { operands, shape } = products.get(first.name)!;
      const name = `${node.name}/products`;
      const lefts = stacked.map(({ inputs }) => inputs[0]!);
      const inputs = [join(lefts, { shape: operands[0]!.shape, summed: 0 }), first.inputs[1]!];
      return [{ ...first, name, inputs }, ...reshaped(node.name, name, [stacked.length, ...shape])];
    }
    const { terms = [] } = sums.get(node.name) ?? {};
    if (parts.has(node.name) || terms.length < fewest) return [node];
    const [first] = terms as [GraphNode];
    const { operands } = products.get(first.name)!;
    const inputs = first.inputs.map((input, index) => {
      const operand = operands[index];
      return operand === undefined
        ? input
        : join(
            terms.map(({ inputs }) => inputs[index]!),
            operand,
          );
    });
    return [{ ...first, name: node.name, inputs }];
  });
  return [...fused, ...[...joined.values()].flat()];
}

/** The products by one matrix, used nowhere else, that a node stacks as they are. */
function stackedBy(
  { op, inputs, attributes }: GraphNode,
  byName: ReadonlyMap<string, GraphNode>,
  products: ReadonlyMap<string, Product>,
  uses: ReadonlyMap<string, number>,
): readonly GraphNode[] | undefined {
  if (op !== 'Pack' || !isFirst(attributes.axis) || inputs.length < fewest) return undefined;
  const kinds = new Set<string>();
  const stacked = inputs.flatMap((input) => {
    const node = byName.get(input);
    const product = products.get(input);
    if (node === undefined || product === undefined || uses.get(input) !== 1 || !isByRows(node)) return [];
    kinds.add(JSON.stringify([node.inputs[1], kindOf(node, product)]));
    return [node];
  });
  return stacked.length === inputs.length && kinds.size === 1 ? stacked : undefined;
}
