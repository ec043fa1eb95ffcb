import { type EdgeLabel, Graph, type GraphLabel, layout, type NodeLabel } from '@dagrejs/dagre';

interface DrawnNode {
  readonly id: string;
  readonly label: string;
  /** The tasks that the layer serves. */
  readonly tasks: readonly string[];
}

interface Drawing {
  /** What a screen reader says. */
  readonly title: string;
  /** All tasks, each of which has a colour. */
  readonly tasks: readonly string[];
  readonly nodes: readonly DrawnNode[];
  readonly arrows: readonly { readonly from: string; readonly to: string }[];
}

const FONT_SIZE = 12;
/** The width of a letter of the font, which has one width for all. */
const LETTER = 0.62 * FONT_SIZE;
const PADDING = 10;
const HEIGHT = 28;

/** A layered drawing of a directed graph, from top to bottom, as an SVG document. */
export function drawGraph({ title, tasks, nodes, arrows }: Drawing): string {
  const graph = new Graph<GraphLabel, NodeLabel, EdgeLabel>();
  graph.setGraph({ rankdir: 'TB', nodesep: 18, ranksep: 34, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, label } of nodes) {
    graph.setNode(id, { width: label.length * LETTER + 2 * PADDING, height: HEIGHT });
  }
  for (const { from, to } of arrows) graph.setEdge(from, to);
  layout(graph);

  const { width = 0, height = 0 } = graph.graph();
  const paths = arrows.map(({ from, to }) => {
    const { points = [] } = graph.edge(from, to);
    const d = points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join(' ');
    return `<path d="${d}"/>`;
  });
  const boxes = nodes.map(({ id, label, tasks: served }) => {
    const { x = 0, y = 0, width = 0 } = graph.node(id);
    const own = served.length === 1;
    const fill = own ? ` fill="${colour(tasks.indexOf(served[0]), tasks.length)}"` : '';
    return (
      `<g><title>${xml(`${label}: ${served.join(', ')}`)}</title>` +
      `<rect x="${round(x - width / 2)}" y="${round(y - HEIGHT / 2)}" width="${round(width)}" height="${HEIGHT}"` +
      `${own ? ' rx="14"' : ''}${fill}/>` +
      `<text x="${round(x)}" y="${round(y)}" fill="#111" stroke="none" text-anchor="middle" ` +
      `dominant-baseline="central">${xml(label)}</text></g>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" ` +
      `width="${round(width)}" height="${round(height)}" role="img" font-family="ui-monospace, monospace" font-size="${FONT_SIZE}">`,
    `<title>${xml(title)}</title>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">' +
      '<path d="M0 0L8 4L0 8z" fill="#666"/></marker></defs>',
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<g fill="none" stroke="#666" marker-end="url(#arrow)">${paths.join('')}</g>`,
    `<g fill="#eee" stroke="#444">${boxes.join('')}</g>`,
    '</svg>',
  ].join('\n');
}

/** Light colours as far from each other as there are tasks. */
function colour(task: number, tasks: number): string {
  return `hsl(${Math.round((360 * task) / tasks + 200) % 360} 70% 88%)`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function xml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
