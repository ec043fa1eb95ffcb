import type * as tf from '@tensorflow/tfjs-core';
import { type KernelInput, nativeBackend } from '../src/program/binding.js';
import type { NamedTensors } from '../src/program/entry.js';
import { Graph } from '../src/program/graph.js';
import { openSession } from '../src/program/open-session.js';
import { attributeValue, bytesOf, type TraceNode, type Value } from '../src/program/trace.js';
import { withMethods } from '../src/program/with-methods.js';

/**
 * Tracing without any safeguard: writes a step's operations down once, and takes whatever else it meets for a
 * constant. Tests show with it what a program must not do.
 */
export function naiveProgram<Inputs extends NamedTensors>(
  step: (inputs: Inputs) => NamedTensors,
  inputs: Inputs,
) {
  const backend = nativeBackend()!;
  const { binding } = backend;
  const ids = backend.getInputTensorIds.bind(backend);
  const nodes: TraceNode[] = [];
  const values = new Map<number, Value>();
  const add = (id: number, node: TraceNode, dtype: number, shape: readonly number[]) =>
    values.set(id, { node: nodes.push(node) - 1, output: 0, dtype, shape });

  for (const [name, tensor] of Object.entries(inputs)) {
    const { dtype, shape } = backend.tensorMap.get(tensor.dataId);
    add(ids([tensor])[0]!, { kind: 'input', name, dtype, shape }, dtype, shape);
  }
  const getInputTensorIds = (tensors: KernelInput[]) => {
    const found = ids(tensors);
    found.forEach((id, index) => {
      const tensor = tensors[index]!;
      if (values.has(id) || !('dataId' in tensor)) return;
      const { dtype, shape } = backend.tensorMap.get(tensor.dataId);
      const value = { dtype, shape, content: bytesOf('naive', dtype, binding.tensorDataSync(id)) };
      add(id, { kind: 'constant', value, usedBy: '', draw: undefined }, dtype, shape);
    });
    return found;
  };
  const executeOp: typeof binding.executeOp = (op, attributes, inputs, count) => {
    const results = binding.executeOp(op, attributes, inputs, count);
    const node = nodes.push({
      kind: 'operation',
      op,
      attributes: Object.fromEntries(attributes.map((item) => [item.name, attributeValue(binding, item)])),
      inputs: inputs.map((id) => values.get(id)!),
    });
    results.forEach(({ id, dtype, shape }, output) => {
      values.set(id, { node: node - 1, output, dtype, shape });
    });
    return results;
  };
  const watched = { getInputTensorIds, binding: Object.create(binding, { executeOp: { value: executeOp } }) };
  const outputs = withMethods(backend, watched, () => step(inputs));
  const graph = new Graph();
  const named = Object.entries(outputs).map(
    ([name, tensor]) => [name, values.get(ids([tensor])[0]!)!] as const,
  );
  const entry = graph.append({ nodes, outputs: new Map(named), writes: new Map() }, new Map());
  const session = openSession('naive', backend, graph.nodes);
  return (inputs: Inputs): tf.Tensor =>
    session.run(
      'naive',
      new Map(Object.entries(entry.inputs).map(([name, node]) => [node, inputs[name]!])),
      Object.values(entry.outputs),
    )[0]!;
}
