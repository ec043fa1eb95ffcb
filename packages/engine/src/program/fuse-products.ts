import { dataTypes } from './binding.js';
import { type AttributeValue, type GraphNode, isTrue, nodeOf } from './saved-model.js';

/** What a node computes of tensors that could lie in one with those of other nodes. */
export interface Product {
  /** The inputs that count, and the axes along which the result is summed over them. */
  readonly operands: readonly Operand[];
  /** Its own shape. */
  readonly shape: readonly number[];
}

interface Operand {
  readonly shape: readonly number[];
  /** Over which the result sums. */
  readonly summed: number;
}

/** Fewer than these are left as they are, and so are those that are large: putting tensors together costs a copy. */
const fewest = 3;
const largest = 2 ** 17;

/**
 * Makes one operation of many small ones: each costs microseconds however small it is, and an unrolled recurrent layer
 * has many. Its weights' gradients are sums of products over time: of `a b + c d` this makes one product `[a c] [b d]`.
 *
 * @param nodes A graph without what is not needed; in what is given back, what was summed may not be needed any more.
 * @param products Which of its nodes are products of matrices, or sums over an axis.
 */
export function fuseSums(nodes: readonly GraphNode[], products: ReadonlyMap<string, Product>): GraphNode[] {
  const uses = new Map<string, number>();
  for (const input of nodes.flatMap(({ inputs }) => inputs.map(nodeOf))) {
    uses.set(input, (uses.get(input) ?? 0) + 1);
  }
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
    sums.set(node.name, { terms: [...left.terms, ...right.terms], kind: left.kind });
    for (const input of node.inputs) parts.add(input);
  }

  const joined = new Map<string, GraphNode[]>();
  const join = (names: readonly string[], axis: number): string => {
    const key = `${axis} ${names}`;
    const name = `joined/${joined.size}`;
    const known = joined.get(key);
    if (known !== undefined) return known[0]!.name;
    joined.set(key, [
      {
        name,
        op: 'ConcatV2',
        inputs: [...names, `${name}/axis`],
        attributes: { N: { kind: 'int', value: names.length }, T: float, Tidx: integer },
      },
      constant(`${name}/axis`, axis),
    ]);
    return name;
  };
  const fused = nodes.map((node) => {
    const { terms = [] } = sums.get(node.name) ?? {};
    if (parts.has(node.name) || terms.length < fewest) return node;
    const [first] = terms as [GraphNode];
    const { operands } = products.get(first.name)!;
    const inputs = first.inputs.map((input, index) => {
      const operand = operands[index];
      return operand === undefined
        ? input
        : join(
            terms.map(({ inputs }) => inputs[index]!),
            operand.summed,
          );
    });
    return { ...first, name: node.name, inputs };
  });
  return [...fused, ...[...joined.values()].flat()];
}

/**
 * Turns a matrix round once for all products that want it so. oneDNN does that anew in every product, which
 * takes a small one twice as long: each time of a recurrent layer multiplies by the same transposed weights.
 */
export function transposeOnce(
  nodes: readonly GraphNode[],
  products: ReadonlyMap<string, Product>,
): GraphNode[] {
  const wanting = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    const [, right] = node.inputs;
    if (!isTurned(node) || right === undefined || !products.has(node.name)) continue;
    wanting.set(right, [...(wanting.get(right) ?? []), node]);
  }
  const replaced = new Map<GraphNode, GraphNode>();
  const added: GraphNode[] = [];
  for (const [right, wants] of wanting) {
    if (wants.length < fewest) continue;
    const turned = `turned/${right.replace(':', '/')}`;
    added.push(constant(`${turned}/axes`, [1, 0]), {
      name: turned,
      op: 'Transpose',
      inputs: [right, `${turned}/axes`],
      attributes: { T: float, Tperm: integer },
    });
    for (const node of wants) {
      const attributes = { ...node.attributes, transpose_b: no };
      replaced.set(node, { ...node, inputs: [node.inputs[0]!, turned], attributes });
    }
  }
  return [...nodes.map((node) => replaced.get(node) ?? node), ...added];
}

function isTurned({ op, attributes }: GraphNode): boolean {
  return op === 'MatMul' && isTrue(attributes.transpose_b);
}

/** Nodes are alike if their results have one shape, and their operands too. */
function kindOf({ name, op, inputs, attributes }: GraphNode, { operands, shape }: Product): string {
  const [entry] = name.split('/');
  const others = inputs.slice(operands.length);
  return JSON.stringify([entry, op, others, attributes, operands, shape]);
}

const float: AttributeValue = { kind: 'type', value: dataTypes.float32 };
const integer: AttributeValue = { kind: 'type', value: dataTypes.int32 };
const no: AttributeValue = { kind: 'bool', value: false };

function constant(name: string, value: number | readonly number[]): GraphNode {
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

/** Whether it is worth a copy to have an operand beside others. */
export function isSmall({ operands }: Product): boolean {
  return operands.every(({ shape }) => shape.reduce((size, length) => size * length, 1) <= largest);
}
