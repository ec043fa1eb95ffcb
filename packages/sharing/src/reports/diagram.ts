import type { Heads, MultiTaskModel } from '@espalier/core';
import { networkGraph } from './network-graph.js';

/**
 * A model as a Mermaid flow chart: a node a layer, an arrow for what goes into what. Layers that serve a single task have
 * round corners.
 */
export function diagram<H extends Heads>(model: MultiTaskModel<H>): string {
  const { layers, edges } = networkGraph(model);
  const ids = new Map([...layers.keys()].map((layer, index) => [layer, `n${index}`]));
  const nodes = [...layers].map(([layer, tasks]) => {
    const [open, close] = tasks.length === 1 ? ['(', ')'] : ['[', ']'];
    return `  ${ids.get(layer)}${open}"${layer.name}"${close}`;
  });
  const arrows = edges.map(({ from, to }) => `  ${ids.get(from)} --> ${ids.get(to)}`);
  return ['flowchart TD', ...nodes, ...arrows].join('\n');
}
