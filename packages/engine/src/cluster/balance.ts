import type * as tf from '@tensorflow/tfjs-core';
import type { Trace, Value } from '../program/trace.js';

/**
 * Which parameter server has which variable: what belongs together on one, and all of them with about as many bytes.
 *
 * An operation that changes several variables at once needs them on one server, and where a variable is computed from
 * others element by element (a weight from its gradient), nothing goes over the network if they are together.
 */
export function balance(
  variables: readonly tf.Variable[],
  traces: Iterable<Trace>,
  servers: number,
): Map<tf.Variable, number> {
  const groups = new Map(variables.map((variable) => [variable, new Set([variable])]));
  const join = (a: tf.Variable, b: tf.Variable) => {
    const [into, from] = [groups.get(a), groups.get(b)];
    if (into === undefined || from === undefined || into === from) return;
    for (const member of from) groups.set(member, into.add(member));
  };
  for (const trace of traces) {
    for (const node of trace.nodes) {
      if (node.kind === 'update') for (const variable of node.variables) join(node.variables[0]!, variable);
    }
    for (const [variable, value] of trace.writes) {
      for (const source of sameElements(trace, value)) join(variable, source);
    }
  }
  const held = Array.from({ length: servers }, () => 0);
  const places = new Map<tf.Variable, number>();
  for (const group of new Set(groups.values())) {
    const server = held.indexOf(Math.min(...held));
    for (const variable of group) {
      places.set(variable, server);
      held[server]! += variable.size;
    }
  }
  return places;
}

/** The variables that a value is computed from by operations that keep its size. */
function sameElements({ nodes }: Trace, value: Value): tf.Variable[] {
  const size = sizeOf(value);
  const seen = new Set<number>();
  const found: tf.Variable[] = [];
  const pending = [value];
  for (const { node } of pending) {
    if (seen.has(node)) continue;
    seen.add(node);
    const source = nodes[node]!;
    if (source.kind === 'variable') found.push(source.variable);
    if (source.kind !== 'operation') continue;
    pending.push(...source.inputs.filter((input) => sizeOf(input) === size));
  }
  return found;
}

function sizeOf({ shape }: Value): number {
  return shape.reduce((product, size) => product * size, 1);
}
