import { describeShape, type Heads, type InputKind, type MultiTaskModel } from '@espalier/core';
import type { layers } from '@tensorflow/tfjs-layers';
import { networkGraph } from './network-graph.js';
import { taskCosts } from './task-costs.js';

/**
 * A model as a person reads it: the tree of its layers, under the tasks that they serve, with output shapes and numbers of
 * parameters, and then what each task needs.
 */
export async function summary<H extends Heads, I extends InputKind>(
  model: MultiTaskModel<H, I>,
): Promise<string> {
  const branches = new Map<string, { tasks: readonly string[]; layers: layers.Layer[] }>();
  for (const [layer, tasks] of networkGraph(model).layers) {
    const key = tasks.join(', ');
    if (!branches.has(key)) branches.set(key, { tasks, layers: [] });
    branches.get(key)!.layers.push(layer);
  }
  const all = [...branches.values()].sort((a, b) => b.tasks.length - a.tasks.length);
  const within = (inner: readonly string[], outer: readonly string[]) =>
    inner.length < outer.length && inner.every((task) => outer.includes(task));
  // A branch hangs on the smallest one that serves all its tasks: in the order of sizes, the last such.
  const parents = all.map(({ tasks }) => all.findLast((other) => within(tasks, other.tasks)));
  const lines = (branch: (typeof all)[number], depth: number): string[] => [
    `${'  '.repeat(depth)}${branch.tasks.join(', ')}`,
    ...branch.layers.map(
      (layer) =>
        `${'  '.repeat(depth + 1)}${layer.name} ${shapeOf(layer)} ${layer.countParams().toLocaleString('en')}`,
    ),
    ...all.flatMap((child, index) => (parents[index] === branch ? lines(child, depth + 1) : [])),
  ];
  const tree = all.flatMap((branch, index) => (parents[index] === undefined ? lines(branch, 0) : []));
  const costs = [...(await taskCosts(model))].map(([task, { parameters, own, multiplyAdds }]) => {
    const [used, alone, operations] = [parameters, own, multiplyAdds].map((count) =>
      count.toLocaleString('en'),
    );
    return `${task}: ${used} parameters (${alone} its own), ${operations} multiply-adds`;
  });
  const total = model.countParams().toLocaleString('en');
  return [`sharing: ${model.sharing.kind}, ${total} parameters`, ...tree, ...costs].join('\n');
}

function shapeOf(layer: layers.Layer): string {
  return describeShape(layer.inboundNodes[0].outputShapes[0] as (number | null)[]);
}
