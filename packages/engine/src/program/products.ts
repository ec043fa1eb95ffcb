import { entryOf, type GraphNode, isTrue } from './saved-model.js';

/** What a node computes of tensors that could lie in one with those of other nodes. */
export interface Product {
  /** The inputs that count, and the axes along which the result is summed over them. */
  readonly operands: readonly Operand[];
  /** Its own shape. */
  readonly shape: readonly number[];
}

export interface Operand {
  readonly shape: readonly number[];
  /** Over which the result sums. */
  readonly summed: number;
}

/** Fewer than these are left as they are, and so are those that are large: putting tensors together costs a copy. */
export const fewest = 3;
const largest = 2 ** 17;

/** Whether it is worth a copy to have an operand beside others. */
export function isSmall({ operands }: Product): boolean {
  return operands.every(({ shape }) => shape.reduce((size, length) => size * length, 1) <= largest);
}

/** Nodes are alike if their results have one shape, and their operands too. */
export function kindOf({ name, op, inputs, attributes }: GraphNode, { operands, shape }: Product): string {
  const others = inputs.slice(operands.length);
  return JSON.stringify([entryOf(name), op, others, attributes, operands, shape]);
}

/** Whether each row of its result is made of the same row of its first operand. */
export function isByRows({ op, attributes }: GraphNode): boolean {
  return op === 'MatMul' && !isTrue(attributes.transpose_a);
}
