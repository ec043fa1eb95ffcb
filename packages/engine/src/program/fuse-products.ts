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
    const whole = axis === 0 ? unpacked(names, byName) : undefined;
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
    const whole = group.length < fewest ? undefined : unpacked(lefts, byName);
    if (whole === undefined) return [];
    const [first] = group as [GraphNode];
    const { operands, shape } = products.get(first.name)!;
    const name = `packed/${index}`;
    group.forEach((node, place) => {
      replaced.set(node.name, place === 0 ? name : `${name}:${place}`);
    });
    const unpacking = byName.get(nodeOf(lefts[0]!))!;
    return [
      ...reshaped(`${name}/left`, whole, [-1, operands[0]!.shape[1]!]),
      { ...first, name: `${name}/product`, inputs: [`${name}/left`, first.inputs[1]!] },
      ...reshaped(`${name}/parts`, `${name}/product`, [group.length, ...shape]),
      { ...unpacking, name, inputs: [`${name}/parts`] },
    ];
  });
  const renamed = (input: string) => replaced.get(input) ?? input;
  return [...nodes.map((node) => ({ ...node, inputs: node.inputs.map(renamed) })), ...added];
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

/** What these are all the parts of, in their order. */
function unpacked(names: readonly string[], byName: ReadonlyMap<string, GraphNode>): string | undefined {
  const node = byName.get(nodeOf(names[0]!));
  if (node === undefined || !isUnpacking(node)) return undefined;
  const { num } = node.attributes;
  if (num?.kind !== 'int' || num.value !== names.length) return undefined;
  const isPart = (name: string, place: number) =>
    name === (place === 0 ? node.name : `${node.name}:${place}`);
  return names.every(isPart) ? node.inputs[0] : undefined;
}

function isUnpacking({ op, attributes }: GraphNode): boolean {
  return op === 'Unpack' && isFirst(attributes.axis);
}

function isFirst(axis: AttributeValue | undefined): boolean {
  return axis?.kind === 'int' && axis.value === 0;
}

/** Whether each row of its result is made of the same row of its first operand. */
function isByRows({ op, attributes }: GraphNode): boolean {
  return op === 'MatMul' && !isTrue(attributes.transpose_a);
}

function laidBeside(name: string, names: readonly string[], axis: number): GraphNode[] {
  const attributes = { N: { kind: 'int', value: names.length }, T: float, Tidx: integer } as const;
  return [
    { name, op: 'ConcatV2', inputs: [...names, `${name}/axis`], attributes },
    constant(`${name}/axis`, axis),
  ];
}

function reshaped(name: string, of: string, shape: readonly number[]): GraphNode[] {
  return [
    { name, op: 'Reshape', inputs: [of, `${name}/shape`], attributes: { T: float, Tshape: integer } },
    constant(`${name}/shape`, shape),
  ];
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
