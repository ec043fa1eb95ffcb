import { dataTypes } from './binding.js';
import type { AttributeValue, GraphNode } from './saved-model.js';

/**
 * tfjs clips by two operations, and takes the gradient by three. TensorFlow has one for each; an unrolled LSTM has a
 * hundred of each in its hard sigmoids. A gradient that is not finite stays so where it would be cut off.
 */
export function fuseClips(nodes: readonly GraphNode[]): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const made = (input: string | undefined, op: string) => {
    const node = byName.get(input ?? '');
    return node?.op === op ? node : undefined;
  };
  /** What is clipped, and the names of the bounds. */
  const clipOf = (name: string | undefined) => {
    const [upper, low] = made(name, 'Maximum')?.inputs ?? [];
    const [x, high] = made(upper, 'Minimum')?.inputs ?? [];
    const [min, max] = [low, high].map((bound) => scalarOf(byName.get(bound ?? '')));
    return min === undefined || max === undefined ? undefined : { x: x!, low: low!, high: high!, min, max };
  };
  return nodes.map((node) => {
    const clip = clipOf(node.name);
    if (clip !== undefined) {
      return { ...node, op: 'ClipByValue', inputs: [clip.x, clip.low, clip.high] };
    }
    const [where, dy, elsewhere] = made(node.name, 'Select')?.inputs ?? [];
    const [x, y] = made(where, 'Equal')?.inputs ?? [];
    const bounds = clipOf(y);
    if (bounds === undefined || bounds.x !== x || made(elsewhere, 'ZerosLike')?.inputs[0] !== dy) return node;
    if (!isKept(bounds)) return node;
    const attributes: GraphNode['attributes'] = {
      min: { kind: 'float', value: bounds.min },
      max: { kind: 'float', value: bounds.max },
      num_bits: { kind: 'int', value: bits },
      narrow_range: { kind: 'bool', value: false },
    };
    return { ...node, op: 'FakeQuantWithMinMaxArgsGradient', inputs: [dy!, x], attributes };
  });
}

const bits = 8;

/**
 * Whether TensorFlow's gradient of quantisation keeps the bounds as they are: it moves them to where 0 is one of the
 * steps between.
 */
function isKept({ min, max }: { readonly min: number; readonly max: number }): boolean {
  const steps = 2 ** bits - 1;
  return min === 0 && max > 0 && Math.fround(steps * Math.fround(max / steps)) === max;
}

/** The number that a node is. */
function scalarOf(node: GraphNode | undefined): number | undefined {
  const value: AttributeValue | undefined = node?.attributes.value;
  if (node?.op !== 'Const' || value?.kind !== 'tensor') return undefined;
  const { dtype, shape, content } = value.value;
  if (dtype !== dataTypes.float32 || shape.length > 0) return undefined;
  return new DataView(content.buffer, content.byteOffset).getFloat32(0, true);
}
