/** The picture of the packages in docs/architecture.md, drawn from what their sources import. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from './run.mjs';
import { publicPackages, root, tool } from './workspace.mjs';

const page = join(root, 'docs/architecture.md');
const svg = join(root, 'docs/figures/packages.svg');

/** Between these, the page is written by this script. */
const [begin, end] = ['<!-- by pnpm figures -->', '<!-- end -->'];

/** Which package's sources import which other package of ours, as dependency-cruiser finds them. */
async function imports() {
  const cruise = tool(
    'depcruise',
    'packages',
    '--config',
    '--output-type',
    'json',
    '--include-only',
    '^packages/',
  );
  const { modules } = JSON.parse(await quietly(cruise, { cwd: root }));
  const edges = new Map();
  for (const { source, dependencies } of modules) {
    for (const { resolved } of dependencies) {
      const [from, to] = [source, resolved].map((path) => /^packages\/([^/]+)\/src\//.exec(path)?.[1]);
      if (from === undefined || to === undefined || from === to) continue;
      edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  }
  return edges;
}

const size = { width: 130, height: 40 };

/** A smooth line from the first point to the last, drawn towards those between. */
function curve([first, ...points]) {
  const at = ({ x, y }) => `${Math.round(x)},${Math.round(y)}`;
  const middle = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const last = points.pop();
  const bends = points.map(
    (point, i) => `Q${at(point)} ${at(i + 1 < points.length ? middle(point, points[i + 1]) : last)}`,
  );
  return `M${at(first)}${bends.length > 0 ? bends.join('') : `L${at(last)}`}`;
}

/** The packages as boxes, each above what it imports, as an SVG. */
async function picture(names, edges) {
  // Not installed yet when the scripts begin.
  const { default: dagre } = await import('@dagrejs/dagre');
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: 24, ranksep: 56, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const name of names) graph.setNode(name, { ...size });
  for (const [from, to] of edges) graph.setEdge(from, to);
  dagre.layout(graph);
  const { width, height } = graph.graph();
  const lines = graph
    .edges()
    .map((edge) => `<path d="${curve(graph.edge(edge).points)}" marker-end="url(#arrow)"/>`);
  const boxes = names.map((name) => {
    const { x, y } = graph.node(name);
    const [left, top] = [x - size.width / 2, y - size.height / 2].map(Math.round);
    const text = `<text x="${left + size.width / 2}" y="${top + 25}">${name}</text>`;
    return `<rect x="${left}" y="${top}" width="${size.width}" height="${size.height}" rx="6"/>${text}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}" width="${Math.ceil(width)}" role="img" aria-label="Which package imports which">`,
    '<rect width="100%" height="100%" fill="white"/>',
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#5f6670"/></marker></defs>',
    `<g fill="none" stroke="#5f6670" stroke-width="1.4">${lines.join('')}</g>`,
    `<g fill="#eef6f0" stroke="#2f7d4f" stroke-width="1.4" font-family="system-ui, sans-serif" font-size="14" text-anchor="middle">${boxes.join('').replaceAll('<text', '<text fill="#111" stroke="none"')}</g>`,
    '</svg>\n',
  ].join('\n');
}

/** What the page says about the packages, and their picture, as the sources are now. */
async function drawn() {
  const edges = await imports();
  const members = publicPackages();
  const names = members.map(({ name }) => name);
  const importsOf = (name) => [...(edges.get(name) ?? [])].filter((to) => names.includes(to)).sort();
  const rows = members.map(({ name, manifest }) => [
    `\`${manifest.name}\``,
    manifest.description,
    importsOf(name).join(', ') || 'none',
  ]);
  const [before, rest] = readFileSync(page, 'utf8').split(begin);
  const rewritten = [begin, '', table(['package', 'what is in it', 'imports of ours'], rows), '', end].join(
    '\n',
  );
  return new Map([
    [
      svg,
      await picture(
        names,
        names.flatMap((from) => importsOf(from).map((to) => [from, to])),
      ),
    ],
    [page, `${before}${rewritten}${rest.split(end)[1]}`],
  ]);
}

/** Columns of one width, as the formatter of this repository wants them. */
function table(head, rows) {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Draws the picture again, and rewrites the table. */
export async function drawArchitecture() {
  for (const [file, content] of await drawn()) writeFileSync(file, content);
}

/** @throws Error when picture or table are not of today's imports. */
export async function checkArchitecture() {
  for (const [file, content] of await drawn()) {
    if (existsSync(file) && readFileSync(file, 'utf8') === content) continue;
    throw new Error(`${file} is not of today's imports: \`pnpm figures architecture\` draws it again.`);
  }
}
