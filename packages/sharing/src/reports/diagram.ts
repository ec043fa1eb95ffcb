import type { Heads, InputKind, MultiTaskModel } from '@espalier/core';
import type { layers } from '@tensorflow/tfjs-layers';
import { drawGraph } from './draw-graph.js';
import { networkGraph } from './network-graph.js';

/** A picture of a network, as text for Mermaid and as an SVG file. */
export interface Diagram {
  /** A flow chart for https://mermaid.js.org, which GitHub draws in Markdown. */
  readonly mermaid: string;
  /** A whole SVG document, which stands alone and may be put into a page. */
  readonly svg: string;
}

/**
 * A model as a flow chart: a node a layer, an arrow for what goes into what. Layers that serve a single task have round
 * corners, and in the SVG the task's colour.
 */
export function diagram<H extends Heads, I extends InputKind>(model: MultiTaskModel<H, I>): Diagram {
  const { layers, edges } = networkGraph(model);
  const ids = new Map([...layers.keys()].map((layer, index) => [layer, `n${index}`]));
  const id = (layer: layers.Layer) => ids.get(layer)!;
  const nodes = [...layers].map(([layer, tasks]) => ({ id: id(layer), label: layer.name, tasks }));
  const arrows = edges.map(({ from, to }) => ({ from: id(from), to: id(to) }));
  const mermaid = [
    'flowchart TD',
    ...nodes.map(({ id, label, tasks }) => {
      const [open, close] = tasks.length === 1 ? ['(', ')'] : ['[', ']'];
      return `  ${id}${open}"${label}"${close}`;
    }),
    ...arrows.map(({ from, to }) => `  ${from} --> ${to}`),
  ].join('\n');
  const svg = drawGraph({
    title: `${model.sharing.kind}: ${model.tasks.map(({ name }) => name).join(', ')}`,
    tasks: model.tasks.map(({ name }) => name),
    nodes,
    arrows,
  });
  return { mermaid, svg };
}
