import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import type { layers, SymbolicTensor } from '@tensorflow/tfjs-layers';

/**
 * The stage of the trunk that each layer of a network belongs to, with all that the sharing strategy made of it: copies,
 * gates, masks. It is the first stage of whose features, of any task, the layer is a part. Heads belong to none.
 */
export function stagesOfLayers<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
): ReadonlyMap<layers.Layer, string> {
  const stages = new Map<layers.Layer, string>();
  const seen = new Set<SymbolicTensor>(model.network.inputs);
  for (const [index, stage] of model.stages.entries()) {
    const pending = [...model.features.values()].map((features) => features[index]);
    for (let tensor = pending.pop(); tensor !== undefined; tensor = pending.pop()) {
      if (seen.has(tensor)) continue;
      seen.add(tensor);
      if (!stages.has(tensor.sourceLayer)) stages.set(tensor.sourceLayer, stage);
      pending.push(...tensor.inputs);
    }
  }
  return stages;
}
