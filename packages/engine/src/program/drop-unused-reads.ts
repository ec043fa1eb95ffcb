import { entryOf, type GraphNode, isControl, nodeOf } from './saved-model.js';

/**
 * A trace reads every variable before it changes, and after: what changes it waits for that. Where an entry does nothing
 * with the value, it now waits for what the reading waited for.
 */
export function dropUnusedReads(nodes: readonly GraphNode[]): GraphNode[] {
  const reads = new Map(nodes.filter(({ op }) => op === 'ReadVariableOp').map((node) => [node.name, node]));
  /** By entry: the runs of others are others. */
  const used = new Set(
    nodes.flatMap(({ name, inputs }) =>
      inputs.filter((input) => !isControl(input)).map((input) => `${entryOf(name)} ${nodeOf(input)}`),
    ),
  );
  const waitsFor = (name: string, input: string): readonly string[] => {
    const read = isControl(input) ? reads.get(nodeOf(input)) : undefined;
    if (read === undefined || used.has(`${entryOf(name)} ${read.name}`)) return [input];
    return read.inputs.filter(isControl).flatMap((input) => waitsFor(name, input));
  };
  return nodes.map((node) => {
    const inputs = node.inputs.flatMap((input) => waitsFor(node.name, input));
    return {
      ...node,
      inputs: inputs.filter((input, index) => !isControl(input) || inputs.indexOf(input) === index),
    };
  });
}
