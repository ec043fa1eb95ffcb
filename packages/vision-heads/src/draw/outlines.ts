import type { PixelMap } from '../label-map.js';

/**
 * The outlines of the parts of a map, along the edges of its pixels: for every value above `background` the `d` of
 * an SVG path. Holes go the other way round, so that they stay empty whatever the fill rule.
 */
export function outlines(map: PixelMap, background: number): ReadonlyMap<number, string> {
  const paths = new Map<number, string>();
  for (const [value, edges] of edgesOf(map, background)) paths.set(value, pathOf(edges, map.width + 1));
  return paths;
}

/** From each corner, a number of a grid one wider than the map, to the corners where an edge from it ends. */
type Edges = Map<number, number[]>;

/** The edges between a value and another one, with the value to their right. */
function edgesOf({ width, height, values }: PixelMap, background: number): Map<number, Edges> {
  const stride = width + 1;
  const all = new Map<number, Edges>();
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? Number.NaN : values[y * width + x];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x];
      if (value <= background) continue;
      const corner = y * stride + x;
      if (at(x, y - 1) !== value) add(value, corner, corner + 1);
      if (at(x + 1, y) !== value) add(value, corner + 1, corner + 1 + stride);
      if (at(x, y + 1) !== value) add(value, corner + 1 + stride, corner + stride);
      if (at(x - 1, y) !== value) add(value, corner + stride, corner);
    }
  }
  return all;

  function add(value: number, from: number, to: number): void {
    const edges = all.get(value) ?? new Map<number, number[]>();
    all.set(value, edges);
    edges.set(from, [...(edges.get(from) ?? []), to]);
  }
}

/** Chains edges to loops; corners on a straight line are left out. */
function pathOf(edges: Edges, stride: number): string {
  let path = '';
  for (const start of edges.keys()) {
    while (edges.get(start)?.length) {
      let corner = start;
      let direction = 0;
      path += `M${start % stride} ${Math.floor(start / stride)}`;
      let next = edges.get(corner)?.pop();
      while (next !== undefined) {
        const step = next - corner;
        if (direction !== 0 && step !== direction)
          path += `L${corner % stride} ${Math.floor(corner / stride)}`;
        direction = step;
        corner = next;
        next = corner === start ? undefined : edges.get(corner)?.pop();
      }
      path += 'Z';
    }
  }
  return path;
}
