import { constant, float, integer } from './new-nodes.js';
import { fewest, type Product } from './products.js';
import { type AttributeValue, type GraphNode, isTrue } from './saved-model.js';

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

const no: AttributeValue = { kind: 'bool', value: false };
