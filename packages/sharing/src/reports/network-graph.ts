import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import type { layers, SymbolicTensor } from '@tensorflow/tfjs-layers';

/** One application of a layer in a network. */
interface GraphEdge {
  readonly from: layers.Layer;
  readonly to: layers.Layer;
}

/** What lies between the network's input and its outputs. */
export interface NetworkGraph {
  /** The layers in the network's order, each with the tasks whose outputs depend on it, in the model's order. */
  readonly layers: ReadonlyMap<layers.Layer, readonly string[]>;
  /** Which layer's output goes into which, each pair once. */
  readonly edges: readonly GraphEdge[];
}

export function networkGraph<H extends Heads, I extends InputKind>({
  network,
  tasks,
}: MultiTaskModel<H, I>): NetworkGraph {
  const served = new Map<layers.Layer, string[]>(network.layers.map((layer) => [layer, []]));
  const edges = new Map<string, GraphEdge>();
  for (const [index, { name }] of tasks.entries()) {
    const seen = new Set<SymbolicTensor>();
    const pending = [network.outputs[index]];
    for (let tensor = pending.pop(); tensor !== undefined; tensor = pending.pop()) {
      if (seen.has(tensor)) continue;
      seen.add(tensor);
      const to = tensor.sourceLayer;
      const own = served.get(to)!;
      if (own.at(-1) !== name) own.push(name);
      for (const input of to.inboundNodes[tensor.nodeIndex].inputTensors) {
        const from = input.sourceLayer;
        if (from !== to) edges.set(`${from.id} ${to.id}`, { from, to });
        pending.push(input);
      }
    }
  }
  return { layers: served, edges: [...edges.values()] };
}
