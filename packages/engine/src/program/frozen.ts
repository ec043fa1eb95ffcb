import type * as tf from '@tensorflow/tfjs-core';
import { ProgramError } from '../errors.js';
import type { Draws } from './compare-traces.js';
import { Graph } from './graph.js';
import { encodeSavedModel, type SignatureTensor } from './saved-model.js';
import { bytesOf, type Trace } from './trace.js';

/**
 * A traced entry as a SavedModel with the state as constants, and the entry's name and `serving_default` as
 * signatures.
 *
 * @param values The state.
 * @throws ProgramError where the entry changes state or draws: what is served does neither.
 */
export function frozenModel(
  entry: string,
  trace: Trace,
  draws: Draws,
  values: ReadonlyMap<tf.Variable, tf.Tensor>,
): Uint8Array {
  const changed = [...trace.writes.keys()][0];
  if (changed !== undefined || draws.size > 0) {
    const found = changed === undefined ? 'draws random numbers' : `changes the variable '${changed.name}'`;
    throw new ProgramError(
      `entry '${entry}' ${found}, and an exported entry can do neither. Export one that only computes, without training: true.`,
    );
  }
  const nodes = trace.nodes.map((node) => {
    if (node.kind !== 'variable') return node;
    const { shape } = node.variable;
    const content = bytesOf(entry, node.dtype, values.get(node.variable)!.dataSync());
    return {
      kind: 'constant',
      value: { dtype: node.dtype, shape, content },
      usedBy: '',
      draw: undefined,
    } as const;
  });
  const graph = new Graph();
  const { inputs, outputs } = graph.append({ ...trace, nodes }, new Map());
  const signature = {
    inputs: Object.fromEntries(
      trace.nodes.flatMap((node) =>
        node.kind === 'input' ? [[node.name, tensorOf(inputs[node.name]!, node)] as const] : [],
      ),
    ),
    outputs: Object.fromEntries(
      [...trace.outputs].map(([name, value]) => [name, tensorOf(outputs[name]!, value)] as const),
    ),
  };
  return encodeSavedModel(graph.nodes, { [entry]: signature, serving_default: signature });
}

function tensorOf(node: string, { dtype, shape }: Pick<SignatureTensor, 'dtype' | 'shape'>): SignatureTensor {
  return { tensor: `${node}:0`, dtype, shape };
}
