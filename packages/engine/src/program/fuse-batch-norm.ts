import { dataTypes } from './binding.js';
import { float } from './new-nodes.js';
import { type GraphNode, isTrue } from './saved-model.js';

/**
 * The gradient of a batch normalisation runs TensorFlow's own forward pass, for what that keeps. Where the same tensor
 * has been normalised by moments that were computed one by one, the result and the moments are taken from there: of
 * nine passes through memory, four are left.
 *
 * @param averaged Which nodes are means over all axes but the last, and of how many values.
 */
export function fuseBatchNorms(
  nodes: readonly GraphNode[],
  averaged: ReadonlyMap<string, number>,
): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const normalisations = nodes.filter(({ op }) => op === 'FusedBatchNorm');
  const wholes = normalisations.filter(isWhole);
  /** What takes the place of a tensor. */
  const replaced = new Map<string, string>();
  const offsets = new Map<string, string>();
  const added: GraphNode[] = [];
  for (const node of normalisations.filter(
    (node) => !isWhole(node) && isByOwnMoments(node, byName, averaged),
  )) {
    const [, , offset, mean, variance] = node.inputs as [string, string, string, string, string];
    const [whole, ...others] = wholes.filter((whole) => keyOf(whole) === keyOf(node));
    if (whole === undefined || offsets.has(whole.name)) continue;
    offsets.set(whole.name, offset);
    replaced.set(node.name, whole.name);
    replaced.set(mean, `${whole.name}:1`);
    // TensorFlow's is the estimate for all examples there are: the sum of squares divided by one less than the count.
    const count = averaged.get(variance)!;
    const biased = `${whole.name}/variance`;
    const factor = `${whole.name}/factor`;
    added.push(scalar(factor, (count - 1) / count), {
      name: biased,
      op: 'Mul',
      inputs: [`${whole.name}:2`, factor],
      attributes: { T: float },
    });
    replaced.set(variance, biased);
    for (const { name } of others) {
      for (const kept of [3, 4]) replaced.set(`${name}:${kept}`, `${whole.name}:${kept}`);
    }
  }
  return [...nodes, ...added].map((node) => {
    const inputs = node.inputs.map((input) => replaced.get(input) ?? input);
    const offset = offsets.get(node.name);
    return { ...node, inputs: offset === undefined ? inputs : inputs.with(2, offset) };
  });
}

/** Whether it computes the moments too. */
function isWhole({ attributes }: GraphNode): boolean {
  return isTrue(attributes.is_training);
}

/** What it normalises, and how. */
function keyOf({ inputs: [x, scale], attributes: { epsilon } }: GraphNode): string {
  return JSON.stringify([x, scale, epsilon]);
}

/** Whether a normalisation is by what `tf.moments` makes of the same tensor. */
function isByOwnMoments(
  { inputs }: GraphNode,
  byName: ReadonlyMap<string, GraphNode>,
  averaged: ReadonlyMap<string, number>,
): boolean {
  const made = (input: string | undefined, op: string) => {
    const node = byName.get(input ?? '');
    return node?.op === op ? node : undefined;
  };
  const before = (input: string | undefined, op: string) => made(input, op)?.inputs[0] ?? input;
  const [x, , , mean, variance] = inputs as [string, string, string, string, string];
  const [meanOf] = made(mean, 'Mean')?.inputs ?? [];
  const [squares] = made(variance, 'Mean')?.inputs ?? [];
  const [left, right] = made(made(squares, 'Square')?.inputs[0], 'Sub')?.inputs ?? [];
  return (
    averaged.has(mean) &&
    averaged.has(variance) &&
    left === meanOf &&
    before(right, 'Reshape') === mean &&
    (x === meanOf || before(x, 'Reshape') === meanOf)
  );
}

function scalar(name: string, value: number): GraphNode {
  const tensor = {
    dtype: dataTypes.float32,
    shape: [],
    content: new Uint8Array(Float32Array.of(value).buffer),
  };
  return {
    name,
    op: 'Const',
    inputs: [],
    attributes: { dtype: float, value: { kind: 'tensor', value: tensor } },
  };
}
