import * as tf from '@tensorflow/tfjs-core';
import { ProgramError } from '../errors.js';
import { type Distribution, distributionOf } from './draws.js';
import type { Trace, TraceNode } from './trace.js';

/** The distributions of the constants that are drawn anew in every step, by the index of their node. */
export type Draws = ReadonlyMap<number, Distribution>;

/**
 * Compares two traces of one step that differ in nothing but chance and time.
 *
 * A constant that differs came out of JavaScript: a draw of tfjs, which TensorFlow can repeat, or something that a
 * graph would freeze (a counter, a schedule, the clock, a random choice), which is refused.
 */
export function drawsOf(entry: string, first: Trace, second: Trace): Draws {
  const draws = new Map<number, Distribution>();
  if (first.nodes.length !== second.nodes.length) throw differs(entry, firstDifference(first, second));
  first.nodes.forEach((node, index) => {
    const other = second.nodes[index]!;
    if (node.kind === 'constant' && other.kind === 'constant') {
      const distribution = node.draw && other.draw && distributionOf(node.draw, other.draw);
      if (distribution !== undefined) draws.set(index, distribution);
      else if (node.draw !== undefined || !sameConstant(node, other)) {
        throw new ProgramError(
          `entry '${entry}': the operation '${node.usedBy}' takes a constant that differs from one run to the next. It is computed ` +
            'in JavaScript (a learning rate, a step count, the clock, a random choice) and a program would freeze it: pass it ' +
            'as an input, or keep it in a variable of `state`.',
        );
      }
    } else if (!same(node, other)) throw differs(entry, index, node);
  });
  if (!same([...first.outputs], [...second.outputs])) throw differs(entry, first.nodes.length);
  if (!same(writesOf(first), writesOf(second))) throw differs(entry, first.nodes.length);
  return draws;
}

type Constant = Extract<TraceNode, { kind: 'constant' }>;

function sameConstant({ value }: Constant, { value: other }: Constant): boolean {
  return (
    value.dtype === other.dtype &&
    same(value.shape, other.shape) &&
    value.content.every((byte, index) => byte === other.content[index])
  );
}

function writesOf({ writes }: Trace): unknown {
  return [...writes].map(([{ id }, value]) => [id, value]);
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, withoutVariables) === JSON.stringify(b, withoutVariables);
}

function withoutVariables(_key: string, value: unknown): unknown {
  return value instanceof tf.Variable ? value.id : value;
}

function firstDifference(first: Trace, second: Trace): number {
  const index = first.nodes.findIndex((node, index) => node.kind !== second.nodes[index]?.kind);
  return index < 0 ? Math.min(first.nodes.length, second.nodes.length) : index;
}

function differs(entry: string, index: number, node?: TraceNode): ProgramError {
  const operation = node?.kind === 'operation' || node?.kind === 'update' ? ` ('${node.op}')` : '';
  return new ProgramError(
    `entry '${entry}' does something else each time it is run, from operation ${index}${operation} on: JavaScript decides by chance ` +
      'or by a count what the step does. Make the decision outside, with an entry for each way, or as an input.',
  );
}
